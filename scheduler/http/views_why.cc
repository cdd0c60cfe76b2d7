#include "scheduler/http/views_why.h"

#include <boost/json.hpp>

namespace sheaf::http {
namespace {

namespace json = boost::json;

void put_text(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) {
    object[name] = text;
  }
}

void put_time(json::object& object, std::string_view name, Timestamp at) {
  if (at != kNoTime) {
    object[name] = to_epoch_ms(at);
  }
}

template <typename Number>
void put_number(json::object& object, std::string_view name, const std::optional<Number>& number) {
  if (number) {
    object[name] = *number;
  }
}

json::array reasons_view(const std::vector<core::Reason>& reasons);

json::object reason_view(const core::Reason& reason) {
  json::object object{{"code", to_string(reason.code)}, {"message", reason.message}};
  put_text(object, "task_key", reason.task_key);
  put_number(object, "iteration", reason.iteration);
  if (reason.run.is_valid()) {
    object["run_id"] = reason.run.value;
  }
  if (reason.attempt.is_valid()) {
    object["task_run_id"] = reason.attempt.value;
  }
  put_text(object, "pool", reason.pool);
  put_text(object, "worker", reason.worker);
  put_text(object, "hook", reason.hook);
  put_text(object, "outcome", reason.outcome);
  put_time(object, "until_ms", reason.until);
  put_time(object, "nominal_time", reason.nominal);
  put_number(object, "position", reason.position);
  put_number(object, "used", reason.used);
  put_number(object, "limit", reason.limit);
  if (!reason.through.empty()) {
    object["through"] = json::value_from(reason.through);
  }
  if (!reason.runs.empty()) {
    json::array& runs = object["runs"].emplace_array();
    for (const RunId run : reason.runs) {
      runs.push_back(run.value);
    }
  }
  if (!reason.because.empty()) {
    object["because"] = reasons_view(reason.because);
  }
  return object;
}

json::array reasons_view(const std::vector<core::Reason>& reasons) {
  json::array list;
  for (const core::Reason& reason : reasons) {
    list.push_back(reason_view(reason));
  }
  return list;
}

}  // namespace

json::object explanation_view(const core::Explanation& explanation) {
  json::object object;
  if (explanation.run.is_valid()) {
    object["run_id"] = explanation.run.value;
  }
  put_text(object, "task_key", explanation.task_key);
  put_text(object, "state", explanation.state);
  object["reasons"] = reasons_view(explanation.reasons);
  return object;
}

}  // namespace sheaf::http
