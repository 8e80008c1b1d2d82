# As Debian's policy has it: man pages compressed, and a changelog in its form. No time but SOURCE_DATE_EPOCH.
set(doc "${CPACK_TEMPORARY_DIRECTORY}/usr/share/doc/taskmirror")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE "${doc}/changelog" "taskmirror (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * See CHANGELOG.md.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(GLOB_RECURSE pages "${CPACK_TEMPORARY_DIRECTORY}/usr/share/man/*")
foreach(file IN ITEMS "${doc}/changelog" LISTS pages)
    execute_process(COMMAND gzip -9nf "${file}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()
