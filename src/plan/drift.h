// Where the Dockerfile and the README repeat what image-matrix.json and JOB.env say: the comparison, and the fix.
// The matrix and JOB.env are the truth. Pure: texts in, Problems or texts out.
#pragma once

#include "plan/dockerfile.h"
#include "plan/plan.h"

/// Every default of an ARG in the Dockerfile that differs from the first row of the matrix or from JOB.env, an error on
/// its line: BASE_VERSION, DISTROLESS_VERSION, PRODUCTION_KIND (slim where the row has no distrolessVersion),
/// PYTHON_VERSION, DEFRA_VERSION. A plain `docker build` uses these. Also an error: no default above the first FROM for
/// BASE_VERSION, DEFRA_VERSION and, where the row has one, DISTROLESS_VERSION. A default made from other arguments
/// ("${BASE_VERSION%%-*}") counts with its expanded value. A matrix without rows is compared with nothing.
Problems check_dockerfile(const Dockerfile& dockerfile, const Matrix& matrix, const Job& job);

/// The Dockerfile's text with these defaults set right, and those that are missing added above the first FROM; every
/// other byte is kept. All of it is kept if check_dockerfile would still find something.
std::string fix_dockerfile(const Dockerfile& dockerfile, const Matrix& matrix, const Job& job);

/// The README's table of versions, in Markdown: one line per row of the matrix, whatever images are chosen. Ends in a
/// line feed.
std::string render_versions_table(const Plan& plan);

/// An error on the first line of the README that differs from render_versions_table between the lines
/// `<!-- versions:begin -->` and `<!-- versions:end -->`, or if these two do not stand there once each, in this order.
/// A notice if the README has neither: there is no table to check.
Problems check_readme(std::string_view text, const std::string& file, const Plan& plan);

/// The README with the table written again; every other byte is kept. With neither of the two lines it gets them and
/// the table at its end; if they do not enclose a table, it is returned as it is.
std::string fix_readme(std::string_view text, const Plan& plan);
