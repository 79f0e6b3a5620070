# Installation: headers, both libraries, pkg-config files and a CMake package with the components shared and static.

include(CMakePackageConfigHelpers)

set(CLAUDE_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/claude")

# Components: runtime is what a program needs that runs, dev what one needs that is built.
install(TARGETS claude EXPORT claudeTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT dev
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT dev)
install(TARGETS claude_static EXPORT claudeTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT dev
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT claudeTargets NAMESPACE claude:: DESTINATION "${CLAUDE_CMAKE_DIR}" COMPONENT dev)

configure_package_config_file(cmake/claudeConfig.cmake.in claudeConfig.cmake INSTALL_DESTINATION "${CLAUDE_CMAKE_DIR}")
# Below 1.0 each minor version is an ABI of its own.
write_basic_package_version_file(claudeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/claudeConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/claudeConfigVersion.cmake"
    DESTINATION "${CLAUDE_CMAKE_DIR}" COMPONENT dev)

foreach(name libclaude libclaude-static)
    configure_file(capi/${name}.pc.in ${name}.pc @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT dev)
endforeach()
