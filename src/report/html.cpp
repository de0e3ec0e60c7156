#include "report/html.h"

#include <fmt/format.h>

std::string element(std::string_view name, std::string_view inner, std::string_view classes) {
    std::string html;
    html.reserve(inner.size() + 2 * name.size() + classes.size() + 16);
    html.append("<").append(name);
    if (!classes.empty()) html.append(" class=\"").append(classes).append("\"");
    html.append(">").append(inner).append("</").append(name).append(">");
    return html;
}

void open_cell(std::string& page, std::string_view label, std::string_view classes) {
    page.append("<td role=\"cell\" data-label=\"").append(label).append("\"");
    if (!classes.empty()) page.append(" class=\"").append(classes).append("\"");
    page.append("><div>");
}

void close_cell(std::string& page) {
    page.append("</div></td>");
}

std::string table_row(std::initializer_list<HtmlCell> cells, std::string_view attributes) {
    std::size_t size = attributes.size() + 16;
    for (const HtmlCell& cell : cells) size += cell.label.size() + cell.classes.size() + cell.inner.size() + 64;
    std::string row;
    row.reserve(size);
    row.append("<tr role=\"row\"").append(attributes).append(">");
    for (const HtmlCell& cell : cells) {
        open_cell(row, cell.label, cell.classes);
        row.append(cell.inner);
        close_cell(row);
    }
    row.append("</tr>\n");
    return row;
}

std::string table(std::string_view classes, const std::vector<std::string>& headings, const std::string& rows) {
    std::string head;
    for (const std::string& heading : headings) head += "<th role=\"columnheader\" scope=\"col\">" + heading + "</th>";
    return fmt::format(
        "<table class=\"{}\" role=\"table\"><thead role=\"rowgroup\"><tr role=\"row\">{}</tr></thead>"
        "<tbody role=\"rowgroup\">\n{}</tbody></table>\n",
        classes, head, rows);
}
