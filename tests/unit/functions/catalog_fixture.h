/*
 * catalog_fixture.h - catalogs from a few words of YAML, for every test that needs one.
 */
#ifndef ONPUT_TESTS_CATALOG_FIXTURE_H
#define ONPUT_TESTS_CATALOG_FIXTURE_H

#include "support/test.h"

#include "onput/catalog.h"

/* Flow YAML; what is NULL has a default that works. Store "minio", function "thumbs". */
struct catalog_parts {
    const char *endpoint;   /* "http://127.0.0.1:9" */
    const char *store;      /* more members of the store, beginning with ", " */
    const char *renditions; /* "[{name: small, width: 100}]" */
    const char *output;     /* "{bucket: thumbnails}" */
    const char *function;   /* more members of the function, beginning with ", " */
    const char *functions;  /* more functions: "  other: {...}\n" */
    const char *stores;     /* more stores, likewise */
    const char *more;       /* more sections: "roles: {...}\n" */
};

/* The YAML; the caller frees it. */
char *catalog_yaml(const struct catalog_parts *parts);

/* Fails the test when the catalog is refused. The caller unrefs it. */
struct catalog *catalog_of(const struct catalog_parts *parts);
struct catalog *catalog_of_yaml(const char *yaml);
/* Fails the test when it is accepted; the refusal, by the configuration or by the catalog. */
struct error catalog_refused(const struct catalog_parts *parts);

const struct store *catalog_minio(const struct catalog *c);
const struct function *catalog_thumbs(const struct catalog *c);

#endif
