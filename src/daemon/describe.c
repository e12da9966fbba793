/*
 * The block that a person sees at start.
 */
#include "daemon_private.h"

static void describe_store(const struct store *s, struct buffer *out)
{
    static const char *const auth[] = {"token", "secret in the URL", "none: anybody may send"};
    buffer_appendf(out, "  store %s: %s, webhook credential: %s\n", s->config->name,
                   s->config->endpoint, auth[s->config->webhook_auth]);
    for (size_t i = 0; i < s->config->notification_count; i++) {
        const struct config_notification *n = &s->config->notifications[i];
        buffer_appendf(out, "    %s", n->bucket);
        if (n->prefix[0] != '\0' || n->suffix[0] != '\0')
            buffer_appendf(out, " (%s*%s)", n->prefix, n->suffix);
        buffer_appendf(out, " -> %s\n", n->function);
    }
}

static void describe_function(const struct function *f, struct buffer *out)
{
    buffer_appendf(out, "  function %s: %s", f->config->name,
                   f->config->builtin != NULL ? f->config->builtin : f->config->command[0]);
    if (f->config->output_bucket != NULL)
        buffer_appendf(out, ", %zu renditions to bucket %s", f->config->rendition_count,
                       f->config->output_bucket);
    buffer_appendf(out, ", %zu permissions\n", policy_statement_count(f->policy));
}

void daemon_describe(struct daemon *d, struct buffer *out)
{
    struct catalog *catalog = catalog_holder_get(d->catalogs);
    const struct config *config = catalog_config(catalog);
    const struct store *stores;
    const struct function *functions;
    buffer_appendf(out, "onput %s\n  webhooks: http://%s:%u/events\n  admin:    http://%s:%u\n",
                   ONPUT_VERSION, config->listen_address, daemon_port(d), config->admin_address,
                   daemon_admin_port(d));
    buffer_appendf(out, "  lambda:   http://%s:%u, %zu users\n", config->listen_address,
                   daemon_port(d), config->user_count);
    buffer_appendf(out, "  state:    %s\n", config->state_dir);
    size_t count = catalog_stores(catalog, &stores);
    for (size_t i = 0; i < count; i++)
        describe_store(&stores[i], out);
    count = catalog_functions(catalog, &functions);
    for (size_t i = 0; i < count; i++)
        describe_function(&functions[i], out);
    catalog_unref(catalog);
}
