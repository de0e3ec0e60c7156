#include "report/summary_cells.h"

#include "report/escape.h"
#include "report/words.h"

std::string markdown_code(std::string_view text, std::size_t max_characters) {
    return text.empty() ? "" : "<code>" + escape_markdown(text, max_characters) + "</code>";
}

std::string markdown_row(const std::vector<std::string>& cells) {
    std::string row = "|";
    for (const std::string& cell : cells) row += " " + cell + " |";
    return row + "\n";
}

std::string markdown_head(const std::vector<std::string>& cells) {
    return markdown_row(cells) + markdown_row(std::vector<std::string>(cells.size(), "---"));
}

std::string image_cell(const ImageRun& image) {
    const std::string platform = escape_markdown(image.platform);
    return "**" + escape_markdown(image.image) + "**" + (platform.empty() ? "" : "<br>" + platform);
}

std::string linked_cell(const Finding& finding) {
    const std::string link = make_link(finding);
    const std::string id = escape_markdown(finding.id, 100);
    return link.empty() ? id : "[" + id + "](" + link + ")";
}

std::string package_cell(const Finding& finding) {
    const std::string package =
        escape_markdown(finding.package + (finding.version.empty() ? "" : " " + finding.version));
    return finding.path.empty() ? package : package + "<br>" + markdown_code(shown_path(finding), 120);
}

std::string severity_cell(const Finding& finding) {
    return render_severities(finding) + (finding.known_exploited ? "<br>**known to be exploited**" : "");
}
