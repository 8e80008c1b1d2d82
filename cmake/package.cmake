# The Debian package: scripts/package builds it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME taskmirror)
set(CPACK_PACKAGE_VERSION ${TASKMIRROR_PACKAGE_VERSION})
set(TASKMIRROR_MAINTAINER "The taskmirror authors <taskmirror@localhost>" CACHE STRING "who is named in the package")
set(CPACK_PACKAGE_CONTACT "${TASKMIRROR_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "mirror of an Asana workspace in a SQLite database")
set(CPACK_PACKAGE_DESCRIPTION "taskmirror keeps a SQLite database that is a copy of your Asana:
projects, tasks, subtasks, custom fields, comments, history and people, to be
asked in SQL. It only reads from Asana. It runs as a service, or from a timer.")
set(CPACK_STRIP_FILES ON)
# Units and configuration name places below the prefix, and the latter lies outside of it.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/systemd/debian/compress.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "ca-certificates, tzdata, systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "sqlite3")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script IN ITEMS conffiles postinst prerm postrm)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/systemd/debian/${script})
endforeach()
include(CPack)
