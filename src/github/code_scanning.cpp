#include "github/code_scanning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/encoding.h"
#include "base/text.h"

namespace github {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_packed = 10U << 20U;  // before base64
constexpr std::chrono::seconds before_late_retry = 30s;
constexpr std::array<std::chrono::seconds, 5> between_looks = {5s, 10s, 20s, 40s, 80s};
constexpr std::size_t max_single_looks = 20;
constexpr const char* upload_permission = "security-events: write";
constexpr const char* tool = "python-image-action";

/// A file that GitHub took, by the number it gave it.
using Waiting = std::map<std::string, const SarifUpload*>;

/// Why GitHub takes no file at all: it lies in the repository's settings or the token's rights.
Problem describe_not_possible(const Response& response) {
    const bool is_licensed = !says(response, "advanced security") && !says(response, "code security");
    std::string why = "GitHub does not take it: " + message_of(response);
    if (response.status == 403) why = "the token may not write code scanning alerts";
    if (says(response, "archived")) why = "the repository is archived";
    if (!is_licensed || says(response, "code scanning is not"))
        why = "code scanning is not switched on for this repository";
    const std::string elsewhere = "the SARIF files are in out/sarif and the findings in the summary";
    return {{},
            "no findings in code scanning: " + why,
            is_licensed ? make_refusal({"", upload_permission}, response).problems.front().hint + "; " + elsewhere
                        : elsewhere + "; sarif-upload: off says nothing",
            Level::notice};
}

struct Uploader {
    const World& world;
    Api& api;
    const Event& event;
    const Time started = world.clock.now();
    Waiting waiting{};
    UploadReport report{};

    UploadReport run(const std::vector<SarifUpload>& uploads) {
        for (const SarifUpload& upload : uploads) {
            if (!send(upload)) break;
        }
        wait_until_read();
        return report;
    }

    /// False if nothing more should be sent.
    bool send(const SarifUpload& upload) {
        api.refuse_secrets(upload.text);
        Response response = post(upload.text);
        if (response.status == 404) {  // a commit that GitHub does not know yet
            world.clock.sleep(before_late_retry);
            response = post(upload.text);
        } else if (response.status == 413 && upload.render_smaller) {
            response = post(upload.render_smaller());
            if (response.status / 100 == 2) {
                add(report.problems, {},
                    upload.name + ": the file was too large for GitHub, so its least severe half was left out",
                    "the page and the JSON files hold all; sarif-severity: high keeps the file small", Level::warning);
            }
        }
        if (response.status / 100 == 2) {
            const rapidjson::Document body = body_of(response);
            waiting[text_at(body, "id")] = &upload;
            ++report.accepted;
            return true;
        }
        if (response.status == 401 || response.status == 403 || response.status == 404 || response.status == 410) {
            report.result = UploadReport::Result::not_possible;  // every other file would meet the same
            report.problems.push_back(describe_not_possible(response));
            return false;
        }
        fail(make_refusal({"the SARIF of " + upload.name + " was not uploaded", upload_permission}, response));
        return true;
    }

    Response post(const std::string& text) {
        const std::string packed = gzip(text);
        if (packed.size() > max_packed) return {413, {}, "the file is larger than the 10 MB that GitHub takes"};
        JsonWriter json;
        json.object({{"commit_sha", event.revision},
                     {"ref", event.ref},
                     {"sarif", base64(packed)},
                     {"started_at", render_time(started)},
                     {"tool_name", tool}});
        return api.send({.method = "POST", .path = "code-scanning/sarifs", .body = json.one_line()});
    }

    /// One list has all of them: a call for each would soon be at the limit.
    void wait_until_read() {
        for (const std::chrono::seconds pause : between_looks) {
            if (waiting.empty()) return;
            world.clock.sleep(pause);
            look_at_all();
            if (pause >= 20s) look_at_each();
        }
        for (const auto& [id, upload] : waiting) {
            add(report.problems, {}, "code scanning has not read the SARIF of " + upload->name + " yet",
                "it does so by itself: its tab shows the findings later", Level::warning);
        }
    }

    void look_at_all() {
        std::string page =
            fmt::format("code-scanning/analyses?ref={}&tool_name={}&sort=created&direction=desc&per_page=100",
                        percent_encoded(event.ref), tool);
        for (std::size_t seen = 0; !page.empty() && seen < 2 * report.accepted;) {
            const Response response = api.send({.path = page});
            if (response.status != 200) return;
            const rapidjson::Document body = body_of(response);
            for (const Json& analysis : items_of(body)) take(analysis);
            seen += items_of(body).Size();
            page = next_page(response);
        }
    }

    /// A file that could not be read is in no list.
    void look_at_each() {
        Waiting asked = waiting;
        while (asked.size() > max_single_looks) asked.erase(std::prev(asked.end()));
        for (const auto& [id, upload] : asked) {
            const Response response = api.send({.path = "code-scanning/sarifs/" + percent_encoded(id)});
            if (response.status != 200) continue;
            const rapidjson::Document body = body_of(response);
            const std::string status = text_at(body, "processing_status");
            if (status == "failed") {
                fail(Error{Exit::failed,
                           "code scanning could not read the SARIF of " + upload->name + ": " +
                               joined(texts_at(body, "errors"), "; "),
                           "please report this: the file is in out/sarif"});
            }
            if (status == "failed" || status == "complete") waiting.erase(id);
        }
    }

    void take(const Json& analysis) {
        const auto found = waiting.find(text_at(analysis, "sarif_id"));
        if (found == waiting.end()) return;
        for (const char* kind : {"error", "warning"}) {
            const std::string words = text_at(analysis, kind);
            if (!words.empty())
                add(report.problems, {}, "code scanning about " + found->second->name + ": " + words, "",
                    Level::warning);
        }
        waiting.erase(found);
    }

    void fail(const Error& error) {
        report.result = UploadReport::Result::failed;
        append(report.problems, error.problems);
    }
};

/// Why findings of the code that this event checks out must not be reported for its ref; empty if they may. Code
/// scanning files them under the ref, and a ref's newest analysis opens and closes its alerts: another ref's code, or a
/// fork's, would change the alerts of what is published.
std::string why_ref_is_not_reported(const Event& event) {
    const bool on_branch = event.name == "push" || event.name == "schedule" || event.name == "workflow_dispatch";
    if (!on_branch && event.name != "pull_request") {
        return "an event of the kind \"" + event.name + "\" may check out other code than that of " +
               (event.ref.empty() ? "its branch" : event.ref);
    }
    if (event.repository != event.event_repository)
        return "the event is about " + event.event_repository + ", the workflow runs in " + event.repository;
    if (event.name == "pull_request") {
        if (event.from_fork) return "the token of a fork's pull request may only read";
        return event.ref.starts_with("refs/pull/") ? "" : event.ref + " is not the pull request's own ref";
    }
    if (event.ref.starts_with("refs/heads/gh-readonly-queue/"))
        return "a merge queue deletes its branch before code scanning has read them";
    if (!event.ref.starts_with("refs/heads/"))
        return "code scanning shows nothing of " + (event.ref.empty() ? "a run without a branch" : event.ref);
    return "";
}

}  // namespace

Permission decide_upload(const Event& event, Mode upload, Outcome outcome, const std::set<Scanner>& paused,
                         bool has_token) {
    if (upload == Mode::off) return {false, "sarif-upload is off"};
    if (!event.in_workflow) return {false, "this is not a workflow"};
    if (outcome == Outcome::unknown) return {false, "the verdict is unknown: an upload would close alerts unseen"};
    if (!paused.empty())
        return {false,
                render_scanner(*paused.begin()) + " is paused: an upload would close the alerts that only it sees"};
    if (std::string reason = why_ref_is_not_reported(event); !reason.empty()) return {false, std::move(reason)};
    if (!has_token) return {false, "there is no token"};
    return {true, ""};
}

std::vector<SarifUpload> make_sarif_uploads(const Run& run, Severity from) {
    std::vector<SarifUpload> uploads;
    for (const ImageRun& image : run.images) {
        const auto render = [&run, &image, from](std::size_t max_results) {
            return render_sarif(image, run.program_version,
                                {.from = from, .max_results = max_results, .directory = run.directory});
        };
        std::optional<Sarif> sarif = render(SarifChoice().max_results);
        if (!sarif) continue;
        uploads.push_back({.name = image.name, .text = std::move(sarif->text)});
        const std::size_t half = sarif->results / 2;
        if (half > 0) uploads.back().render_smaller = [render, half] { return render(half)->text; };
    }
    std::ranges::sort(uploads, {}, &SarifUpload::name);
    return uploads;
}

UploadReport upload_sarif(const World& world, Api& api, const Event& event, const std::vector<SarifUpload>& uploads) {
    return Uploader{world, api, event}.run(uploads);
}

std::size_t remove_analyses(Api& api, const std::string& category_prefix) {
    const Purpose purpose{"the analyses of " + category_prefix + " were not removed", upload_permission};
    // Newest first: of each set only the newest may be deleted, which makes the next one the newest.
    const rapidjson::Document all = api.load_list(
        fmt::format("code-scanning/analyses?tool_name={}&sort=created&direction=desc&per_page=100", tool), purpose);
    std::size_t removed = 0;
    for (const Json& analysis : items_of(all)) {
        if (!text_at(analysis, "category").starts_with(category_prefix)) continue;
        const Response response =
            api.send({.method = "DELETE",
                      .path = fmt::format("code-scanning/analyses/{}?confirm_delete=true", number_at(analysis, "id"))});
        if (response.status / 100 != 2 && response.status != 404) throw make_refusal(purpose, response);
        removed += response.status / 100 == 2 ? 1 : 0;
    }
    return removed;
}

}  // namespace github
