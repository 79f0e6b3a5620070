# Writes OUTPUT, a C file with every *.json of DIRECTORY as a built-in scenario.
file(GLOB files ${DIRECTORY}/*.json)
list(SORT files)
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WLE)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND arrays "static const unsigned char text_${number}[] = {${bytes}0x00};\n")
    string(APPEND rows "    {\"${name}\", (const char *)text_${number}, sizeof text_${number} - 1},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT}
    "#include \"scenario.h\"\n\n${arrays}\n"
    "const struct builtin_scenario builtin_scenarios[] = {\n${rows}    {NULL, NULL, 0},\n};\n")
