/*
 * process_tree.h - the processes that descend from one, as /proc shows them.
 *
 * A snapshot: processes come and go while it is taken. Who wants to end a tree that may fork stops
 * it (process_tree_sweep() with SIGSTOP) until nothing new is found, then kills. Orphans are found
 * only when the root is a subreaper (prctl PR_SET_CHILD_SUBREAPER).
 *
 * Source: proc(5).
 */
#ifndef ONPUT_PROCESS_TREE_H
#define ONPUT_PROCESS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROCESS_TREE_MAX = 4096 };

struct process_tree {
    pid_t root;
    pid_t pids[PROCESS_TREE_MAX]; /* without the root */
    size_t count;
    bool is_cut; /* there are more */
};

struct process_tree_usage {
    uint64_t bytes; /* as of process_tree_memory() */
    size_t tasks;   /* processes and threads, zombies too */
};

/* Descendants of `root`, parents before their children. Empty when /proc cannot be read. */
void process_tree_read(pid_t root, struct process_tree *out);
/* Resident and swapped memory of all of them together, in bytes; shared pages count once per
 * process, file pages not at all. */
uint64_t process_tree_memory(const struct process_tree *tree);
/* The same, but pages that several of them share count once in all, wherever we may look closer. It
 * takes far longer. */
uint64_t process_tree_memory_shared(const struct process_tree *tree);
/* Memory and the number of tasks, in one look. */
struct process_tree_usage process_tree_look(const struct process_tree *tree);
/* Signals every one of them that is still a descendant, so that no stranger gets it who has the
 * number of one that ended. Zombies count as gone, and for SIGSTOP who is stopped. Returns how many
 * got it. */
size_t process_tree_signal(const struct process_tree *tree, int signal);
/* Signals every descendant of `root` at once when it is found, and before its own children are
 * looked for, so that who is stopped cannot have more. However many there are. Returns their
 * number, zombies and those that cannot be signalled included. */
size_t process_tree_sweep(pid_t root, int signal);
/* Does one of them have the socket with that inode open? */
bool process_tree_has_socket(const struct process_tree *tree, uint64_t inode);

#endif
