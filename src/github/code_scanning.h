// SARIF into code scanning, one upload per image and platform.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "github/api.h"
#include "github/event.h"
#include "report/run.h"
#include "report/sarif.h"

namespace github {

/// Whether this run uploads at all; asked before anything is sent. Only for a push, a schedule, a dispatch or a pull
/// request from the same repository, where the code is that of the event's ref, and never for a tag or a merge queue's
/// branch, which code scanning does not show. Never outside of a workflow, without a token, for an unknown verdict or
/// while a scanner is paused (an upload would close alerts that were not checked again).
Permission decide_upload(const Event& event, Mode upload, Outcome outcome, const std::set<Scanner>& paused,
                         bool has_token);

/// One file: one run, one category.
struct SarifUpload {
    std::string name;  ///< "3.13.3-production-linux-amd64"
    std::string text;
    /// Renders the same without its least severe half, for when GitHub finds it too large; empty: nothing to leave out.
    std::function<std::string()> render_smaller{};
};

/// The files of all images of a run, sorted by name. The run has to live as long as they do.
std::vector<SarifUpload> make_sarif_uploads(const Run& run, Severity from);

/// What came of it. A rejection because of the repository's settings or the token's rights does not fail the run.
struct UploadReport {
    enum class Result { done, not_possible, failed };
    Result result = Result::done;
    std::size_t accepted = 0;
    Problems problems;  ///< errors for what failed, notices and warnings for what people should know
};

/// Uploads all, then asks for all of them together until code scanning has read them: after 5, 15, 35, 75 and 155 s.
/// What it has not read by then is a warning. Stops at the first refusal that would meet every file. Throws
/// Error{failed} only for a limit that lasts too long and for Error{cancelled}.
UploadReport upload_sarif(const World& world, Api& api, const Event& event, const std::vector<SarifUpload>& uploads);

/// Removes everything that code scanning holds under the categories that begin with this ("images/3.11/"): its alerts
/// close. Returns how many analyses were removed. Throws make_refusal.
std::size_t remove_analyses(Api& api, const std::string& category_prefix);

}  // namespace github
