/*
 * config_markdown.c - prints the table of options for the README;
 * tests/checks/check_readme_options.py compares the two.
 */
#include <stdio.h>

#include "onput/config.h"

int main(void)
{
    AUTO_BUFFER struct buffer out = {0};

    buffer_init(&out, 1024 * 1024);
    config_markdown(&out);
    return fwrite(out.data, 1, out.len, stdout) == out.len ? 0 : 1;
}
