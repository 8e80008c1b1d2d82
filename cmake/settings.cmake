# Settings as an interface target that every target of ours links.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TASKMIRROR_WERROR "treat warnings as errors" OFF)
option(TASKMIRROR_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

add_library(taskmirror_settings INTERFACE)
target_compile_features(taskmirror_settings INTERFACE cxx_std_20)
target_compile_options(taskmirror_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor)
# GCC 12 warns of std::string's own overlap checks where it inlines them: https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105651
target_compile_options(taskmirror_settings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(TASKMIRROR_WERROR)
    target_compile_options(taskmirror_settings INTERFACE -Werror)
endif()
if(TASKMIRROR_SANITIZE)
    target_compile_options(taskmirror_settings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(taskmirror_settings INTERFACE -fsanitize=address,undefined)
endif()
