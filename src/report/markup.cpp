#include "report/markup.h"

#include <fmt/format.h>

#include "report/escape.h"
#include "report/words.h"

namespace {

std::string html_text(const Cell& cell) {
    switch (cell.kind) {
        case Cell::Kind::text:
            return cell.is_bad ? element("span", escape_html(cell.text, longest_text), "status bad")
                               : escape_html(cell.text, longest_text);
        case Cell::Kind::code:
            return html_code(cell.text);
        case Cell::Kind::image:
            return element("b", escape_html(cell.text));
        case Cell::Kind::severity: {
            const std::string word = render_severity(cell.finding->severity);
            return element("span", word, "badge " + word);
        }
        case Cell::Kind::id: {
            const std::string id = element("b", escape_html(cell.finding->id, 100));
            const std::string link = make_link(*cell.finding);
            return link.empty() ? id : "<a href=\"" + escape_html(link) + "\" rel=\"noreferrer\">" + id + "</a>";
        }
        case Cell::Kind::package: {
            const std::string version = cell.finding->version.empty() ? "" : " " + escape_html(cell.finding->version);
            const std::string package = escape_html(cell.finding->package) + version;
            if (cell.finding->path.empty()) return package;
            return package + (package.empty() ? "" : "<br>") + html_code(shown_path(*cell.finding));
        }
    }
    return "";
}

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

// A large page has half a million elements: texts are joined here, which formatting them would take twice as long for.

std::string element(std::string_view name, std::string_view inner, std::string_view classes) {
    std::string html = "<";
    html.reserve(inner.size() + classes.size() + 2 * name.size() + 16);
    html.append(name);
    if (!classes.empty()) html.append(" class=\"").append(classes).append("\"");
    return html.append(">").append(inner).append("</").append(name).append(">");
}

std::string table_row(std::span<const HtmlCell> cells, std::string_view attributes) {
    std::string row = "<tr";
    row.append(attributes).append(" role=\"row\">");
    for (const HtmlCell& cell : cells) {
        row.append("<td role=\"cell\" data-label=\"").append(cell.label).append("\"");
        if (!cell.classes.empty()) row.append(" class=\"").append(cell.classes).append("\"");
        row.append("><div>").append(cell.inner).append("</div></td>");
    }
    return row.append("</tr>\n");
}

std::string render_table(const std::vector<std::string>& headings, const std::string& rows) {
    std::string head;
    for (const std::string& heading : headings) head += "<th role=\"columnheader\" scope=\"col\">" + heading + "</th>";
    return fmt::format(
        "<table class=\"list\" role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\">{}</tr></thead>"
        "<tbody role=\"rowgroup\">\n{}</tbody></table>\n",
        head, rows);
}

std::string render_table(const Table& table) {
    std::string rows;
    for (const std::vector<Cell>& row : table.rows) {
        std::vector<HtmlCell> cells;
        for (std::size_t i = 0; i < row.size(); ++i)
            cells.push_back({table.headings[i], html_cell(row[i]), row[i].is_number ? "number" : ""});
        rows += table_row(cells);
    }
    return rows.empty() ? "" : render_table(table.headings, rows);
}

std::string render_folded_table(const Table& table) {
    return render_more(table.title, table.rows.size(), render_table(table));
}

std::string html_code(std::string_view text) {
    return element("code", escape_html(text, longest_text));
}

std::string html_cell(const Cell& cell) {
    std::string html = html_text(cell);
    const std::string below = cell.is_below_code ? html_code(cell.below) : escape_html(cell.below, longest_text);
    if (!cell.below.empty()) html += element("span", below, "state");
    if (!cell.mark.empty()) html += element("span", escape_html(cell.mark), "state blocking");
    if (!cell.folded.empty()) html += element("details", element("summary", "Command") + html_code(cell.folded));
    return html;
}

std::string render_more(const std::string& title, std::size_t count, const std::string& inner) {
    return count == 0 ? "" : element("details", element("summary", title) + inner, "more") + "\n";
}

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
