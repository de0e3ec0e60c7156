#include "pipeline/result.h"

void append(Problems& all, const Problems& more) {
    all.insert(all.end(), more.begin(), more.end());
}
