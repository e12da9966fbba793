/*
 * crash_vfs.h - a disk in memory for SQLite that can lose power, fail and stall on request.
 *
 * Every file has what the program sees and what the platter holds. A sync copies the first to the
 * second. At a power cut each 512-byte sector that was written since then survives or not by the
 * seed; from then on every call fails until crash_vfs_power_on(). Sectors are whole or untouched,
 * as SQLite's POWERSAFE_OVERWRITE assumes, and which the system's VFS claims too.
 *
 * There is no shared memory: only connections in exclusive locking mode can use WAL.
 *
 * Threads: all functions may be called while a connection works on another thread.
 */
#ifndef ONPUT_TESTS_SUPPORT_CRASH_VFS_H
#define ONPUT_TESTS_SUPPORT_CRASH_VFS_H

#include <stdbool.h>
#include <stdint.h>

struct crash_vfs;

/* Registered with SQLite under crash_vfs_name() until it is freed. */
struct crash_vfs *crash_vfs_new(uint64_t seed);
void crash_vfs_free(struct crash_vfs *v); /* after every connection is closed */
const char *crash_vfs_name(const struct crash_vfs *v);
/* A number below `bound` out of the same seed. */
uint64_t crash_vfs_random(struct crash_vfs *v, uint64_t bound);

/* A change is a write, a sync, a truncation or a deletion. Power is cut in the middle of the n-th
 * from now (1: the next). */
void crash_vfs_cut_at(struct crash_vfs *v, uint64_t n);
/* Now, between two changes. */
void crash_vfs_cut(struct crash_vfs *v);
bool crash_vfs_is_off(struct crash_vfs *v);
/* What survived is what is there. Forgets faults that are still armed. */
void crash_vfs_power_on(struct crash_vfs *v);

/* The n-th change from now fails once and has no effect; what follows works again. 0: never. */
void crash_vfs_fail_at(struct crash_vfs *v, uint64_t n);
bool crash_vfs_has_failed(struct crash_vfs *v); /* the armed failure has happened */
void crash_vfs_fail_reads(struct crash_vfs *v, bool fail);

/* The disk lies: syncs of files with this ending do nothing. NULL: it is honest. */
void crash_vfs_ignore_syncs(struct crash_vfs *v, const char *suffix);

/* Between these two every sync waits. */
void crash_vfs_hold_syncs(struct crash_vfs *v);
void crash_vfs_release_syncs(struct crash_vfs *v);
/* Returns when a sync waits. */
void crash_vfs_await_held_sync(struct crash_vfs *v);

uint64_t crash_vfs_changes(struct crash_vfs *v);
uint64_t crash_vfs_syncs(struct crash_vfs *v);

#endif
