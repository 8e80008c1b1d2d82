// One line at the bottom of the terminal that is written over again and again, below the log. Standard error only.
#pragma once

#include <string>

namespace taskmirror::ops {

// Whether standard error is a terminal that can go back to the start of a line.
bool has_terminal();

// Cut to the width of the terminal. Log lines make it give way.
void show_line(const std::string& line);
void clear_line();

}  // namespace taskmirror::ops
