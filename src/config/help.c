/*
 * help.c - the table of options for people: as text for --help, as Markdown for the README.
 */
#include "config_private.h"

#include <string.h>

enum { VARIABLE_MAX_BYTES = 128 };

static const char *default_of(const struct option *option)
{
    if (option->fallback == config_required)
        return "needed";
    if (option->fallback == NULL)
        return "none";
    return option->fallback[0] == '\0' ? "\"\"" : option->fallback;
}

static void append_name(const struct option *option, struct buffer *out)
{
    buffer_appendf(out, "%s.%s", config_sections[option->section].title, option->key);
}

/* Where sections nest, the table is in their order, so that a section's options stand together. */
static void help_option(const struct option *option, struct buffer *out)
{
    char variable[VARIABLE_MAX_BYTES];

    buffer_append_string(out, "  ");
    append_name(option, out);
    buffer_append_string(out, "\n      ");
    buffer_append_string(out, option->help);
    buffer_append_string(out, ".\n      ");
    value_expectation(option, out);
    buffer_appendf(out, "; default: %s", default_of(option));
    if (option_variable(option, variable, sizeof(variable)))
        buffer_appendf(out, "; %s", variable);
    if (option_is_secret(option))
        buffer_appendf(out, "; or %s_file", option->key);
    buffer_append_char(out, '\n');
}

void config_help(struct buffer *out)
{
    buffer_append_string(
        out,
        "Options stand in the file as section, key and value. --set SECTION.KEY=VALUE counts more\n"
        "than the variable ONPUT_SECTION_KEY (or ONPUT_SECTION_KEY_FILE, a file with the value), "
        "and\n"
        "that more than the file. With a single store, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,\n"
        "AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS_CA_BUNDLE "
        "count\n"
        "more than what the file says about that store. In the file ${VAR} and ${VAR:-default} "
        "are\n"
        "replaced; $$ is a dollar. Paths are relative to where onput is started.\n");
    for (size_t i = 0; i < config_child_count; i++) {
        const struct child *child = &config_children[i];

        buffer_appendf(out, "\n%s: %s\n", config_sections[child->section].title, child->help);
        for (size_t j = 0; j < config_option_count; j++)
            if (config_options[j].section == child->section)
                help_option(&config_options[j], out);
    }
}

/* A bar would end the cell. */
static void append_cell(const char *string, struct buffer *out)
{
    for (; *string != '\0'; string++) {
        if (*string == '|')
            buffer_append_char(out, '\\');
        buffer_append_char(out, *string);
    }
}

static void markdown_option(const struct option *option, struct buffer *out)
{
    char variable[VARIABLE_MAX_BYTES];
    AUTO_BUFFER struct buffer expectation = {0};
    bool has_value = option->fallback != NULL && option->fallback != config_required;

    buffer_init(&expectation, ERROR_MESSAGE_BYTES);
    value_expectation(option, &expectation);
    buffer_append_string(out, "| `");
    append_name(option, out);
    buffer_appendf(out, "` | %s%s%s | ", has_value ? "`" : "", default_of(option),
                   has_value ? "`" : "");
    append_cell(option->help, out);
    buffer_append_string(out, ". *");
    append_cell(expectation.data, out);
    buffer_append_char(out, '*');
    if (option_variable(option, variable, sizeof(variable)))
        buffer_appendf(out, " `%s`", variable);
    if (option_is_secret(option))
        buffer_appendf(out, " Also as `%s_file`.", option->key);
    buffer_append_string(out, " |\n");
}

void config_markdown(struct buffer *out)
{
    buffer_append_string(
        out, "| option | default | meaning, *possible values*, variable |\n|---|---|---|\n");
    for (size_t i = 0; i < config_option_count; i++)
        markdown_option(&config_options[i], out);
}
