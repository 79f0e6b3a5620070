# Writes a file as the elements of an array of characters: cmake -DFILE=models.json -DOUT=models.inc -P models.cmake
cmake_minimum_required(VERSION 3.25)

file(READ "${FILE}" hex HEX)
string(REGEX REPLACE "[0-9a-f][0-9a-f]" "0x\\0," bytes "${hex}")
file(WRITE "${OUT}" "${bytes}0x00\n")
