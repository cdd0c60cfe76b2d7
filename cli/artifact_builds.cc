#include "cli/artifact_builds.h"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <system_error>

#include "bundles/globs.h"
#include "cli/console.h"
#include "common/os/program.h"

namespace sheaf::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kBuildTimeLimit{30};
constexpr std::size_t kShownOutputBytes = 8'000;

// Copies wheel argv[1] below folder argv[2] with the local version argv[3], and prints the copy's
// path. The digest of RECORD, which holds one of every file, names the copy's folder: equal
// contents are copied once, so that nothing new is deployed where nothing changed.
constexpr const char* kAddVersion = R"python(
import base64, csv, hashlib, io, os, re, shutil, sys, zipfile
source, folder, stamp = sys.argv[1:]
with zipfile.ZipFile(source) as wheel:
    contents = {entry.filename: (entry, wheel.read(entry)) for entry in wheel.infolist() if not entry.is_dir()}
record = next(name for name in contents if re.fullmatch(r"[^/]+\.dist-info/RECORD", name))
info = record.rpartition("/")[0]
stem = info[:-len(".dist-info")]
metadata = contents[info + "/METADATA"][1].decode("utf-8")
version = re.search(r"(?m)^Version:[ \t]*(\S+)", metadata)[1]
kept = os.path.join(folder, stem.rpartition("-")[0], hashlib.sha256(contents[record][1]).hexdigest()[:16])
if os.path.isdir(kept):
    print(os.path.join(kept, os.listdir(kept)[0]), end="")
    sys.exit()
changed = version + ("." if "+" in version else "+") + stamp
new_stem = stem.rpartition("-")[0] + "-" + changed
metadata = re.sub(r"(?m)^Version:.*$", "Version: " + changed, metadata, count=1)
parts = os.path.basename(source).split("-")
parts[1] = changed
rows = io.StringIO()
writer = csv.writer(rows, lineterminator="\n")
part = kept + ".part"
shutil.rmtree(part, ignore_errors=True)
os.makedirs(part)
with zipfile.ZipFile(os.path.join(part, "-".join(parts)), "w", zipfile.ZIP_DEFLATED) as wheel:
    for name, (entry, data) in contents.items():
        if name == record or name.startswith(info + "/RECORD."):
            continue
        for suffix in (".dist-info/", ".data/"):
            if name.startswith(stem + suffix):
                entry.filename = new_stem + name[len(stem):]
        if name == info + "/METADATA":
            data = metadata.encode("utf-8")
        wheel.writestr(entry, data, zipfile.ZIP_DEFLATED)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        writer.writerow([entry.filename, "sha256=" + digest, len(data)])
    writer.writerow([new_stem + ".dist-info/RECORD", "", ""])
    entry = contents[record][0]
    entry.filename = new_stem + ".dist-info/RECORD"
    wheel.writestr(entry, rows.getvalue(), zipfile.ZIP_DEFLATED)
os.rename(part, kept)
for other in os.listdir(os.path.dirname(kept)):
    if other != os.path.basename(kept):
        shutil.rmtree(os.path.join(os.path.dirname(kept), other), ignore_errors=True)
print(os.path.join(kept, "-".join(parts)), end="")
)python";

std::string end_of(const std::string& text) {
  return text.size() <= kShownOutputBytes ? text
                                          : "…" + text.substr(text.size() - kShownOutputBytes);
}

Result<std::string> run(const std::string& what,
                        std::vector<std::string> command,
                        const std::string& shown,
                        const fs::path& folder) {
  os::ProgramSettings settings{
      .command = std::move(command),
      .folder = folder,
      // An interpreter that a build needs is the machine's; equal sources shall give equal wheels.
      .environment = {"UV_PYTHON_DOWNLOADS=never", "VIRTUAL_ENV"},
      .time_limit = kBuildTimeLimit};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the command line has one thread here.
  if (std::getenv("SOURCE_DATE_EPOCH") == nullptr) {
    settings.environment.emplace_back("SOURCE_DATE_EPOCH=1577836800");
  }
  const auto result = os::run_program(settings);
  if (!result) {
    const bool has_no_program = result.error().code == ErrorCode::kNotFound;
    return fail(ErrorCode::kInvalid,
                what + ": `" + shown + "`: " +
                    (has_no_program ? settings.command.front() + " is not on this machine's PATH"
                                    : result.error().message));
  }
  if (result->exit_status != 0) {
    return fail(ErrorCode::kInvalid,
                what + ": `" + shown + "` ended with status " +
                    std::to_string(result->exit_status) + "\n" +
                    end_of(result->standard_output + result->standard_error));
  }
  return result->standard_output;
}

std::string place_text(const bundles::SourcePlace& place) {
  return place.file.empty() ? std::string()
                            : " (" + place.file + ":" + std::to_string(place.line) + ":" +
                                  std::to_string(place.column) + ")";
}

/// Puts the wheels of `fresh` in the place of those that an earlier build left: these would travel
/// too.
Result<void> replace_wheels(const fs::path& fresh, const fs::path& dist) {
  std::error_code error;
  fs::create_directories(dist, error);
  for (const fs::path& old : bundles::expand_glob(bundles::glob_below(dist, "*.whl"))) {
    if (!error) {
      fs::remove(old, error);
    }
  }
  for (const fs::path& wheel : bundles::expand_glob(bundles::glob_below(fresh, "*.whl"))) {
    if (!error) {
      fs::copy_file(wheel, dist / wheel.filename(), error);
    }
  }
  return error ? fail(ErrorCode::kInvalid, dist.string() + ": " + error.message()) : Result<void>();
}

/// `uv build`, into a folder of its own first: a build that fails takes nothing away.
Result<void> build_project(const bundles::Artifact& artifact,
                           const std::string& what,
                           const fs::path& fresh) {
  std::error_code ignored;
  fs::remove_all(fresh, ignored);
  const auto built = run(what,
                         {"uv", "build", "--wheel", "--out-dir", fresh.string(), "."},
                         "uv build --wheel",
                         artifact.folder);
  const auto replaced =
      built ? replace_wheels(fresh, artifact.folder / "dist") : fail(built.error());
  fs::remove_all(fresh, ignored);
  return replaced;
}

Result<void> build(const bundles::Artifact& artifact, const fs::path& fresh) {
  const std::string what = "artifact " + artifact.name + place_text(artifact.place);
  const bool is_default = artifact.build.empty();
  if (is_default && !bundles::is_python_project(artifact.folder)) {
    return {};
  }
  say("Building " + printable(artifact.name));
  if (is_default) {
    return build_project(artifact, what, fresh);
  }
  const auto built =
      run(what, {artifact.shell, "-c", artifact.build}, artifact.build, artifact.folder);
  return built ? Result<void>() : fail(built.error());
}

std::string time_stamp() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::string text(20, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y%m%d%H%M%S", &parts));
  return text;
}

Result<void> add_versions(const bundles::Artifact& artifact,
                          const fs::path& folder,
                          const std::string& stamp,
                          bundles::BuiltWheels& wheels) {
  std::vector<std::string> sources = artifact.sources;
  if (sources.empty()) {
    sources.push_back(bundles::glob_below(artifact.folder, "dist/*.whl"));
  }
  for (const std::string& source : sources) {
    for (const fs::path& wheel : bundles::newest_wheels(bundles::expand_glob(source))) {
      const auto copy =
          run("artifact " + artifact.name + place_text(artifact.place),
              {"python3", "-c", kAddVersion, wheel.string(), folder / artifact.name, stamp},
              "dynamic_version of " + wheel.filename().string(),
              artifact.folder);
      if (!copy) {
        return fail(copy.error());
      }
      wheels[wheel] = fs::path(*copy);
    }
  }
  return {};
}

}  // namespace

Result<bundles::BuiltWheels> build_artifacts(const bundles::LoadedBundle& bundle) {
  bundles::BuiltWheels wheels;
  const std::string stamp = time_stamp();
  const fs::path state = bundle.root / ".databricks" / "bundle" / bundle.target;
  const fs::path patched = state / "patched_wheels";
  for (const bundles::Artifact& artifact : bundle.artifacts) {
    if (auto built = build(artifact, state / "built_wheels"); !built) {
      return fail(built.error());
    }
    if (!artifact.has_dynamic_version) {
      continue;
    }
    if (auto added = add_versions(artifact, patched, stamp, wheels); !added) {
      return fail(added.error());
    }
  }
  return wheels;
}

}  // namespace sheaf::cli
