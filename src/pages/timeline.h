#pragma once

// The picture on a lease's page: one line for each stage with the time it took, the time it usually
// takes where that is known, and a bar. What the bars show is also there as text. Pure.

#include "pages/html.h"
#include "pages/story.h"

namespace mayfly::pages {

// What came before the job, to its own scale, and then the job, whose hours would make the rest
// invisible.
void write_timeline(Html& html, const LeaseStory& story, WallTime now);

}  // namespace mayfly::pages
