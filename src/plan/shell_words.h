// Words as a Dockerfile has them: split, unquoted, and with their variables expanded (BuildKit,
// frontend/dockerfile/shell/lex.go).
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using Variables = std::map<std::string, std::string>;

inline constexpr std::string_view blanks = " \t\v\f\r";

/// The position behind the word at `begin`: words end at blanks that are neither quoted nor escaped. Sets `is_open` for
/// a quotation mark that is never closed.
std::size_t end_of_word(std::string_view text, std::size_t begin, bool& is_open);

/// Where the words begin and end.
std::vector<std::pair<std::size_t, std::size_t>> find_words(std::string_view text, bool& is_open);

/// Without quotation marks and backslashes, variables left alone.
std::string unquoted(std::string_view text);

/// A word with its variables and quotation marks resolved: $NAME, ${NAME}, and the operators - + ? (also after a
/// colon), #, ##, % and %%. What is not set is empty, and is added to `unset`. What BuildKit would refuse, or cannot be
/// done here (replacing with / and //), is named in `problem`.
std::string expand_variables(std::string_view text, const Variables& variables, std::string& problem,
                             std::vector<std::string>& unset);
