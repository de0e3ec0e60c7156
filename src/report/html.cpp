#include "report/html.h"

#include <fmt/format.h>

std::string element(std::string_view name, std::string_view inner, std::string_view classes) {
    return classes.empty() ? fmt::format("<{0}>{1}</{0}>", name, inner)
                           : fmt::format("<{0} class=\"{2}\">{1}</{0}>", name, inner, classes);
}

std::string table_row(std::initializer_list<HtmlCell> cells) {
    std::string row = "<tr>";
    for (const HtmlCell& cell : cells) {
        row += fmt::format("<td data-label=\"{}\"{}>{}</td>", cell.label,
                           cell.classes.empty() ? "" : fmt::format(" class=\"{}\"", cell.classes),
                           element("div", cell.inner));
    }
    return row + "</tr>\n";
}

std::string table(std::string_view classes, const std::vector<std::string>& headings, const std::string& rows) {
    std::string head;
    for (const std::string& heading : headings) head += "<th scope=\"col\">" + heading + "</th>";
    return fmt::format("<table class=\"{}\"><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table>\n", classes, head,
                       rows);
}
