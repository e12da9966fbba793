/*
 * world.h - a store and a daemon in processes of their own, for the pipeline benchmark.
 */
#ifndef ONPUT_BENCH_WORLD_H
#define ONPUT_BENCH_WORLD_H

#include <stdint.h>
#include <sys/types.h>

#include "onput/http_client.h"
#include "onput/storage.h"

struct world {
    char *directory;
    pid_t store_pid, daemon_pid;
    char endpoint[64];
    unsigned port, admin_port;
    struct storage *storage;
    struct storage_session *session;
    struct credentials *credentials;
    struct http_client *http;
};

/* `onput` is the program under test. Ends the program when anything fails. */
void world_start(struct world *w, const char *onput, const char *renditions_yaml);
void world_stop(struct world *w);

void world_put(struct world *w, const char *key, struct text body);
/* Tells the daemon that the object was created, as the store would. */
void world_notify(struct world *w, const char *key, int64_t serial);
/* Finished invocations so far, of every status. */
int64_t world_finished(struct world *w, const char *status);

/* A field of /proc/<pid>/status in KiB, such as "VmHWM:"; 0 when it is not there. */
long process_kib(pid_t pid, const char *field);
/* The largest value of the field among the children of the process. */
long children_kib(pid_t parent, const char *field);

/* User and system time of a process, and of all its living children, in milliseconds. */
long process_cpu_ms(pid_t pid);
long children_cpu_ms(pid_t parent);

#endif
