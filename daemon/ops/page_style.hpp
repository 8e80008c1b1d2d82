// How our pages look: colours for light and dark, type, cards, charts. Pages put their own rules behind it.
#pragma once

#include <string>

namespace taskmirror::ops {

// For a <style> element.
std::string page_style();

}  // namespace taskmirror::ops
