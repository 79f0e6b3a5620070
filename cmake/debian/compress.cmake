# cmake -DPROGRAM=gzip -DFROM=text -DTO=text.gz -P compress.cmake: the same text gives the same bytes.
execute_process(COMMAND "${PROGRAM}" -9nc "${FROM}" OUTPUT_FILE "${TO}" COMMAND_ERROR_IS_FATAL ANY)
