# What `cmake --install` and the package put where. Units name the program, so they are made when the prefix is known.
include(GNUInstallDirs)

install(TARGETS taskmirror)
install(FILES README.md CHANGELOG.md config.example.yaml LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs PATTERN man EXCLUDE)
install(DIRECTORY analysts DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY schema DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL FILES_MATCHING PATTERN *.1)
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 OPTIONAL FILES_MATCHING PATTERN *.5)
install(FILES completions/taskmirror.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME taskmirror
    OPTIONAL)
install(FILES completions/_taskmirror DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions OPTIONAL)
install(FILES completions/taskmirror.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d OPTIONAL)

install(FILES systemd/taskmirror-sync.timer DESTINATION lib/systemd/system)
install(FILES systemd/sysusers.conf DESTINATION lib/sysusers.d RENAME taskmirror.conf)
install(FILES systemd/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME taskmirror.conf)
install(CODE "
    set(from \"${CMAKE_CURRENT_SOURCE_DIR}/systemd\")
    set(made \"${CMAKE_CURRENT_BINARY_DIR}/installed\")
    set(CMAKE_INSTALL_FULL_BINDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    set(CMAKE_INSTALL_FULL_DOCDIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
    file(READ \"\${from}/sandbox.conf\" SANDBOX)
    foreach(unit IN ITEMS taskmirror taskmirror-sync)
        configure_file(\"\${from}/\${unit}.service.in\" \"\${made}/\${unit}.service\" @ONLY)
        file(INSTALL \"\${made}/\${unit}.service\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/lib/systemd/system\")
    endforeach()
    configure_file(\"\${from}/config.yaml.in\" \"\${made}/config.yaml\" @ONLY)
    # An operator's own stays as it is; dpkg knows by itself.
    if(NOT EXISTS \"\$ENV{DESTDIR}/etc/taskmirror/config.yaml\")
        file(INSTALL \"\${made}/config.yaml\" DESTINATION /etc/taskmirror)
    endif()
")
