/*
 * Signals, waited for by one thread in a straight line; no handler runs.
 */
#include "daemon_private.h"

#include <signal.h>

#include "onput/log.h"

static void handled_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void daemon_block_signals(void)
{
    sigset_t set;
    handled_signals(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void refuse_reload(const struct error *err)
{
    LOG(LOG_LEVEL_ERROR, "the new configuration is not used; the old one stays",
        LOG_ERROR_FIELD(err));
}

/* What only counts at start, such as listeners and worker counts, keeps its old value. */
static void reload(struct daemon *d)
{
    struct error err = {0};
    struct config *config = NULL;
    if (d->options.source == NULL)
        return;
    if (config_load(d->options.source, &config, &err) < 0) {
        refuse_reload(&err);
        return;
    }
    enum log_level level = config->log_level;
    if (registry_reload(d->registry, config, &err) < 0) {
        refuse_reload(&err);
        return;
    }
    log_set_level(level);
    LOG(LOG_LEVEL_INFO, "configuration read again");
}

int daemon_serve(struct daemon *d, struct error *err)
{
    sigset_t set;
    int signal_number = 0;
    handled_signals(&set);
    while (signal_number != SIGTERM && signal_number != SIGINT) {
        if (sigwait(&set, &signal_number) == 0 && signal_number == SIGHUP)
            reload(d);
    }
    if (atomic_load(&d->failure) == FAILURE_WRITTEN) {
        *err = d->fatal;
        return -1;
    }
    LOG(LOG_LEVEL_INFO, "draining", LOG_I64("timeout_ms", d->drain_timeout_ms));
    return 0;
}
