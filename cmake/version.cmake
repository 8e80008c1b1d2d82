# TASKMIRROR_VERSION, what `taskmirror version` tells: the project's, and the commit where that is not the one of the release's
# tag, as 0.1.0+1a2b3c4d5. TASKMIRROR_PACKAGE_VERSION, what dpkg compares: untagged, it comes before that release and after
# all commits before it, as 0.1.0~327.1a2b3c4d5. Neither holds a date or a path; a tarball has the project's alone.
find_package(Git QUIET)

function(ask_git variable)
    execute_process(COMMAND ${GIT_EXECUTABLE} -C ${PROJECT_SOURCE_DIR} ${ARGN}
        OUTPUT_VARIABLE answer OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    set(${variable} "${answer}" PARENT_SCOPE)
endfunction()

set(TASKMIRROR_VERSION ${PROJECT_VERSION})
set(TASKMIRROR_PACKAGE_VERSION ${PROJECT_VERSION})
if(GIT_FOUND AND EXISTS ${PROJECT_SOURCE_DIR}/.git)
    ask_git(commit rev-parse --short=9 HEAD)
    ask_git(count rev-list --count HEAD)
    ask_git(tag tag --points-at HEAD --list v${PROJECT_VERSION})
    ask_git(journal rev-parse --path-format=absolute --git-path logs/HEAD)
    if(EXISTS "${journal}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${journal}")
    endif()
    if(commit AND NOT tag)
        string(APPEND TASKMIRROR_VERSION "+${commit}")
        string(APPEND TASKMIRROR_PACKAGE_VERSION "~${count}.${commit}")
    endif()
endif()

# embed_version(<target>): compiles it into the target, as declared in daemon/app_parts.hpp; one small file, so that a commit
# does not compile all others again.
function(embed_version target)
    set(output "${CMAKE_CURRENT_BINARY_DIR}/generated/version.cpp")
    file(CONFIGURE OUTPUT "${output}" CONTENT "// Generated.
#include \"app_parts.hpp\"

namespace taskmirror {
const std::string_view kVersion = \"${TASKMIRROR_VERSION}\";
}  // namespace taskmirror
" @ONLY)
    target_sources(${target} PRIVATE "${output}")
endfunction()
