#include "report/markdown.h"

#include "report/escape.h"
#include "report/words.h"

namespace {

constexpr std::size_t longest_markdown = 1000;  ///< characters

std::string markdown_text(const Cell& cell) {
    switch (cell.kind) {
        case Cell::Kind::text:
            return cell.is_bad ? "**" + escape_markdown(cell.text, longest_markdown) + "**"
                               : escape_markdown(cell.text, longest_markdown);
        case Cell::Kind::code:
            return markdown_code(cell.text);
        case Cell::Kind::image:
            return "**" + escape_markdown(cell.text) + "**";
        case Cell::Kind::severity:
            return render_severities(*cell.finding) +
                   (cell.finding->known_exploited ? "<br>**known to be exploited**" : "");
        case Cell::Kind::id: {
            const std::string id = escape_markdown(cell.finding->id, 100);
            const std::string link = make_link(*cell.finding);
            return link.empty() ? id : "[" + id + "](" + link + ")";
        }
        case Cell::Kind::package: {
            const std::string version = cell.finding->version.empty() ? "" : " " + cell.finding->version;
            const std::string package = escape_markdown(cell.finding->package + version);
            if (cell.finding->path.empty()) return package;
            return package + "<br>" + markdown_code(shown_path(*cell.finding), 120);
        }
    }
    return "";
}

}  // namespace

std::string markdown_code(std::string_view text, std::size_t max_characters) {
    return text.empty() ? "" : "<code>" + escape_markdown(text, max_characters) + "</code>";
}

std::string markdown_cell(const Cell& cell) {
    std::string text = markdown_text(cell);
    if (!cell.mark.empty()) text += " **(" + escape_markdown(cell.mark) + ")**";
    if (cell.below.empty()) return text;
    return text + "<br>" +
           (cell.is_below_code ? markdown_code(cell.below) : escape_markdown(cell.below, longest_markdown));
}

std::string markdown_row(const std::vector<std::string>& cells) {
    std::string row = "|";
    for (const std::string& cell : cells) row += " " + cell + " |";
    return row + "\n";
}

std::string markdown_head(const std::vector<std::string>& cells) {
    return markdown_row(cells) + markdown_row(std::vector<std::string>(cells.size(), "---"));
}

std::string markdown_row(const std::vector<Cell>& cells) {
    std::vector<std::string> texts;
    for (const Cell& cell : cells) texts.push_back(markdown_cell(cell));
    return markdown_row(texts);
}

std::string render_markdown(const Table& table) {
    std::string text;
    for (const std::vector<Cell>& row : table.rows) text += markdown_row(row);
    return text.empty() ? "" : markdown_head(table.headings) + text;
}
