#include "scheduler/engine/facts.h"

#include "common/model/job_settings.h"

namespace sheaf::engine {

core::SettingsPointer SettingsCache::find(const std::string& digest) {
  const auto found = entries_.find(digest);
  if (found == entries_.end()) {
    return nullptr;
  }
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.settings;
}

void SettingsCache::put(const std::string& digest, core::SettingsPointer settings) {
  if (entries_.contains(digest)) {
    return;
  }
  uses_.push_front(digest);
  entries_.emplace(digest, Entry{.settings = std::move(settings), .use = uses_.begin()});
  if (entries_.size() > kMaxEntries) {
    entries_.erase(uses_.back());
    uses_.pop_back();
  }
}

Result<core::Facts> FactSource::resolve(const core::ReadSet& reads) {
  core::Facts facts;
  if (reads.job) {
    if (auto resolved = resolve_job(*reads.job, facts); !resolved) {
      return fail(resolved.error());
    }
  }
  if (reads.deployment) {
    if (auto resolved = resolve_deployment(*reads.deployment, facts); !resolved) {
      return fail(resolved.error());
    }
  }
  if (reads.finished_run) {
    if (auto resolved = resolve_run(*reads.finished_run, facts); !resolved) {
      return fail(resolved.error());
    }
  }
  if (reads.file) {
    facts.file =
        files_ ? files_(reads.file->first, reads.file->second)
               : Result<std::string>(fail(ErrorCode::kNotFound, "this scheduler keeps no files"));
  }
  if (auto resolved = resolve_rest(reads, facts); !resolved) {
    return fail(resolved.error());
  }
  return facts;
}

Result<core::SettingsPointer> FactSource::settings(const std::string& digest) {
  if (auto cached = cache_.find(digest)) {
    return cached;
  }
  std::optional<std::string> document = pending_.settings(digest);
  if (!document) {
    auto stored = reader().settings(digest);
    if (!stored) {
      return fail(stored.error());
    }
    document = std::move(*stored);
  }
  auto compiled = model::parse_job_settings(*document);
  if (!compiled) {
    return fail(Error{.code = ErrorCode::kCorrupt, .message = compiled.error().message},
                "stored settings " + digest);
  }
  auto shared = std::make_shared<const model::JobSettings>(std::move(*compiled));
  cache_.put(digest, shared);
  return core::SettingsPointer(shared);
}

const store::Reader& FactSource::reader() {
  if (!reader_) {
    reader_ = store_.read();
  }
  return *reader_;
}

Result<std::optional<core::JobRecord>> FactSource::job(JobId job) {
  if (const auto pending = pending_.job(job)) {
    return *pending;
  }
  return reader().job(job);
}

Result<void> FactSource::resolve_job(JobId id, core::Facts& facts) {
  auto found = job(id);
  if (!found) {
    return fail(found.error());
  }
  facts.job = std::move(*found);
  if (facts.job) {
    auto compiled = settings(facts.job->settings_digest);
    if (!compiled) {
      return fail(compiled.error());
    }
    facts.job_settings = std::move(*compiled);
  }
  return {};
}

Result<void> FactSource::resolve_deployment(const std::pair<std::string, std::string>& name,
                                            core::Facts& facts) {
  if (const auto pending = pending_.deployment(name.first, name.second)) {
    facts.deployment = *pending;
  } else {
    auto stored = reader().deployment(name.first, name.second);
    if (!stored) {
      return fail(stored.error());
    }
    facts.deployment = std::move(*stored);
  }
  if (!facts.deployment) {
    return {};
  }
  for (const JobId id : facts.deployment->jobs) {
    auto found = job(id);
    if (!found) {
      return fail(found.error());
    }
    if (*found) {
      facts.deployment_jobs.push_back(std::move(**found));
    }
  }
  return {};
}

Result<void> FactSource::resolve_receipt_run(core::Facts& facts) {
  if (!facts.receipt) {
    return {};
  }
  const auto run = reader().run_record(facts.receipt->run);
  if (!run) {
    return fail(run.error());
  }
  facts.receipt_run_exists = run->has_value() && !pending_.has_deleted(facts.receipt->run);
  return {};
}

Result<void> FactSource::resolve_run(RunId id, core::Facts& facts) {
  if (pending_.has_deleted(id)) {
    return {};
  }
  auto view = reader().run(id);
  if (!view) {
    return fail(view.error());
  }
  if (!view->has_value()) {
    return {};
  }
  auto stored =
      std::make_shared<core::StoredRun>(core::StoredRun{.record = std::move((*view)->record),
                                                        .rows = std::move((*view)->tasks),
                                                        .details = std::move((*view)->details)});
  auto compiled = settings(stored->record.settings_digest);
  if (!compiled) {
    return fail(compiled.error());
  }
  stored->settings = std::move(*compiled);
  for (std::uint32_t block = 0; block < stored->record.blocks.size(); ++block) {
    auto lines = reader().iteration_inputs(id, block);
    if (!lines) {
      return fail(lines.error());
    }
    stored->inputs.push_back(std::make_shared<const core::IterationInputs>(
        core::IterationInputs::from_stored(*std::move(lines))));
  }
  facts.finished_run = std::move(stored);
  return resolve_job(facts.finished_run->record.job, facts);
}

Result<void> FactSource::resolve_rest(const core::ReadSet& reads, core::Facts& facts) {
  if (reads.receipt) {
    facts.receipt = pending_.receipt(*reads.receipt);
    if (!facts.receipt) {
      auto stored = reader().receipt(*reads.receipt);
      if (!stored) {
        return fail(stored.error());
      }
      facts.receipt = std::move(*stored);
      if (auto resolved = resolve_receipt_run(facts); !resolved) {
        return resolved;
      }
    }
  }
  if (reads.alert) {
    facts.alert = pending_.alert(*reads.alert);
    if (!facts.alert) {
      auto stored = reader().alert(*reads.alert);
      if (!stored) {
        return fail(stored.error());
      }
      facts.alert = std::move(*stored);
    }
  }
  if (reads.run) {
    auto stored = reader().run_record(*reads.run);
    if (!stored) {
      return fail(stored.error());
    }
    if (*stored && !pending_.has_deleted(*reads.run)) {
      facts.run_state = (*stored)->state;
    }
  }
  return {};
}

}  // namespace sheaf::engine
