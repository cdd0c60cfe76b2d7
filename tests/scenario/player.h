// Plays scenario commands against a core without threads or disk and writes down what it said.
//
// deploy · submit JOB [NAME:VALUE…] [receipt=KEY kept=168h] · cancel RUN · register WORKER slots=N
// boot=B [holds=ATTEMPT:running,…] · started|rejected ATTEMPT · finished ATTEMPT [exit=N] [end=…] ·
// values ATTEMPT key=json · silence WORKER suspect|heard|over · pass 30s · fire JOB at=+60s
// following=+120s [skipped=+10s,…] · arm JOB at=+60s · alert A delivered|dropped|at=+30s · restart
// · show RUN · together (the indented commands arrive in one batch). ATTEMPT is "r1/train", the
// latest one, or "r1/train#0".
#pragma once

#include <map>
#include <string>

#include "tests/scenario/names.h"
#include "tests/scenario/printer.h"
#include "tests/scenario/scenario.h"
#include "tests/scenario/words.h"
#include "tests/support/core_world.h"

namespace sheaf::scenario {

class Player {
 public:
  /// Returns the lines that stand below `----`.
  [[nodiscard]] std::string play(const Block& block);

 private:
  /// A lease as its worker got it.
  struct Lease {
    WorkerId worker;
    AttemptId attempt;
    std::uint64_t fence = 0;
    Timestamp started = kNoTime;
  };

  [[nodiscard]] std::string run(const std::vector<core::Command>& commands);
  [[nodiscard]] core::Command command(const Words& words);
  [[nodiscard]] core::Command submit(const Words& words) const;
  [[nodiscard]] core::Command register_worker(const Words& words) const;
  [[nodiscard]] core::Command started(const Words& words);
  [[nodiscard]] core::Command finished(const Words& words) const;
  [[nodiscard]] core::Command values(const Words& words) const;
  [[nodiscard]] core::Command outcomes(const Words& words) const;
  [[nodiscard]] core::Command silence(const Words& words) const;
  [[nodiscard]] core::Command fire(const Words& words) const;
  [[nodiscard]] core::Command settle_alert(const Words& words) const;
  [[nodiscard]] std::string show(const Words& words) const;
  /// Lines of the events and effects since the last call; learns names and leases from them.
  [[nodiscard]] std::string news();
  [[nodiscard]] Timestamp instant(const std::string& text) const;

  tests::CoreWorld world_;
  Timestamp origin_ = world_.now;
  Names names_;
  Printer printer_{names_, origin_};
  std::map<std::string, Lease> leases_;
  std::size_t printed_ = 0;
};

}  // namespace sheaf::scenario
