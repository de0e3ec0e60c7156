#include "report/page_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/words.h"

namespace {

constexpr std::ptrdiff_t todo_shown = 12;

struct Status {
    std::string_view kind;  ///< "good", "bad", "doubt"
    std::string words;
};

Status status_of(const ImageRun& image, std::size_t forgiven) {
    if (!image.verdict) return {"doubt", "? not judged"};
    switch (image.verdict->outcome) {
        case Outcome::clean:
            if (forgiven > 0) return {"doubt", fmt::format("! {} forgiven: published too", forgiven)};
            return {"good", "✓ clean"};
        case Outcome::vulnerable:
            return {"bad", "✕ vulnerable"};
        case Outcome::unknown:
            return {"doubt", "? unknown"};
    }
    return {"doubt", ""};
}

std::string render_tally(const Counts& counts) {
    const auto part = [](std::size_t count, std::string_view name, std::string_view kind) {
        return fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>", name,
                           count > 0 && !kind.empty() ? fmt::format(" class=\"{}\"", kind) : "", count);
    };
    return element("dl",
                   part(counts.blocking, "blocking", "bad") + part(counts.waived, "accepted", "") +
                       part(counts.reported, "not gated", ""),
                   "tally");
}

std::string render_card(const ImageRun& image) {
    const Counts counts = count_findings(image);
    const Status status = status_of(image, counts.forgiven);
    const bool broken = image.contract && !image.contract->passed();
    std::string inner = element("h3", escape_html(image.image)) + element("p", escape_html(image.platform), "soft");
    inner += element("p", status.words, fmt::format("status {}", status.kind)) + render_tally(counts);
    if (broken) inner += element("p", element("span", "✕ contract: " + render_kept(*image.contract), "status bad"));
    if (image.contract && !broken) {
        const std::string by = image.contract->reused ? ", tested by " + escape_html(image.contract->tested_by) : "";
        inner += element("p", "✓ contract passed" + by);
    }
    if (image.verdict) {
        for (const std::string& reason : image.verdict->unknown_because)
            inner += element("p", escape_html(reason, longest_text), "small");
        inner += element("p", render_code(image.verdict->manifest.brief()), "soft");
    }
    return element("article", inner, fmt::format("card {}", broken ? "bad" : status.kind)) + "\n";
}

}  // namespace

std::string render_code(std::string_view text) {
    return element("code", escape_html(text, longest_text));
}

PageSection todo_section(const std::vector<ToDo>& todo) {
    if (todo.empty()) return {"todo", "What to do", element("p", "Nothing.", "nothing")};
    std::string items;
    std::string more;  // beyond these the images would be many screens down
    for (const ToDo& item : todo) {
        const std::string place = item.at.file.empty() ? "" : render_code(render_place(item.at));
        const std::string because = escape_html(item.because, longest_text);
        (&item - todo.data() < todo_shown ? items : more) +=
            element("li", element("div", element("b", escape_html(item.text, longest_text)) +
                                             element("span", because + (because.empty() || place.empty() ? "" : " · ") +
                                                                 place))) +
            "\n";
    }
    const std::size_t hidden = todo.size() - std::min<std::size_t>(todo.size(), todo_shown);
    return {"todo", "What to do",
            element("ol", items, "todo") +
                render_more(counted(hidden, "more thing") + " to do", hidden, element("ol", more, "todo"))};
}

PageSection image_section(const Run& run) {
    std::string cards;
    for (const ImageRun& image : run.images) cards += render_card(image);
    return {"images", "Images", cards.empty() ? "" : element("div", cards, "cards")};
}
