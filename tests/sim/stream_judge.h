// Holds what becomes of the inputs of streams against what their processes physically said and how
// they ended, as docs/streams.md promises: each input is with one process at a time and has what
// that process said of it; what nothing was said of is charged, comes again or is cancelled.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/wire/messages.h"
#include "scheduler/core/event.h"
#include "tests/sim/run_fact.h"
#include "tests/sim/truth.h"

namespace sheaf::sim {

class StreamJudge {
 public:
  /// Both must outlive the judge.
  StreamJudge(const RunFacts& runs, const Truth& truth) : runs_(runs), truth_(truth) {}

  /// The event as it happened; `runs` know it already. Violation where it must not.
  void take(const core::Event& event);
  /// A repair has moved rows of the run.
  void move_rows(RunId run, const std::map<core::TaskIndex, core::TaskIndex>& moved);
  /// The batch is over: what was left by processes that ended in it has its end, or waits again.
  void end_batch();

  /// A process starts now: it gets the inputs of the iterations that were leased, by rising index.
  void check_inputs(const model::AttemptSpec& spec) const;
  /// Everything that the report says is recorded.
  void check_recorded(const wire::Outcomes& outcomes) const;
  /// What a process of the attempt works on, without what it has told the outcome of; nullopt: it
  /// is no stream.
  [[nodiscard]] std::optional<std::set<core::TaskRef>> find_rows(AttemptId attempt) const;

 private:
  class Reader;

  /// The process of one attempt. Rows leave `open` for one of the other sets.
  struct Stream {
    RunId run;
    core::TaskIndex holder = 0;
    std::set<core::TaskIndex> given;
    std::set<core::TaskIndex> open;            ///< Of which nothing is recorded.
    std::map<core::TaskIndex, bool> recorded;  ///< Whether it succeeded.
    bool has_begun = false;                    ///< It is recorded that it has.
    bool is_over = false;
    bool was_refused = false;     ///< Its worker did not take it.
    bool is_holder_told = false;  ///< The failure that it said of its holder.

    // What the end of the process made of the rest.
    bool was_stopped = false;
    std::set<core::TaskIndex> charged;
    std::optional<core::AttemptRecord> charge;
    std::set<core::TaskIndex> returned;
    std::set<core::TaskIndex> stopped;
  };

  using Streams = std::map<AttemptId, Stream>;

  /// The process that the row holds; REQUIRES: there is one.
  [[nodiscard]] Streams::value_type& held_by(RunId run, core::TaskIndex holder);
  void lease(const core::TasksLeased& event, const core::TasksLeased::Lease& lease);
  void check_chunks(const core::TasksLeased& event) const;
  void report(const core::StreamReported& event);
  /// `error` is what is recorded as the reason of a failure.
  void record(Streams::value_type& stream,
              core::TaskIndex row,
              bool is_success,
              const std::string& error);
  void end(RunId run, core::TaskIndex holder, bool was_refused);
  void conclude(const core::AttemptFinished& event);
  void give_back(const core::IterationsReturned& event);
  void finish(const core::TaskFinished& event);
  void check_charge(const Stream& stream, const core::AttemptRecord& attempt) const;
  void check_end(const Streams::value_type& ended) const;
  void check_rest(const std::string& name, const Stream& stream) const;
  /// What a process of the attempt said of the row must be this.
  void check_said(const Streams::value_type& stream,
                  core::TaskIndex row,
                  bool is_success,
                  const std::string& error) const;

  const RunFacts& runs_;
  const Truth& truth_;
  Streams streams_;
  std::set<AttemptId> ending_;  ///< In this batch.
};

}  // namespace sheaf::sim
