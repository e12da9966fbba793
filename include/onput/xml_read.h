/*
 * xml_read.h - small XML documents from outside, as a tree in an arena.
 *
 * For S3 and STS answers: elements and their text; attributes, comments and processing instructions
 * are skipped, namespace prefixes are cut off. A document with a DOCTYPE is refused (no entities
 * but the five of XML), and so is one beyond the limits. Nothing here keeps the document's bytes.
 */
#ifndef ONPUT_XML_READ_H
#define ONPUT_XML_READ_H

#include <stddef.h>

#include "onput/arena.h"
#include "onput/error.h"
#include "onput/text.h"

enum {
    XML_MAX_BYTES =
        8 * 1024 * 1024, /* 1,000 listed keys of 1,024 bytes, each byte as %XX, and a margin */
    XML_MAX_DEPTH = 16,
    XML_MAX_ELEMENTS = 50000,
    XML_MAX_NAME_BYTES = 128,
};

struct xml_element {
    struct text name;
    struct text text; /* character data of an element without children, not trimmed; else empty */
    const struct xml_element *first_child;
    const struct xml_element *next; /* sibling */
};

/* Failures are ERROR_PROTOCOL or ERROR_LIMIT. */
MUST_CHECK int xml_read(struct text document, struct arena *arena, const struct xml_element **out,
                        struct error *err);

/* The first child of that name, or NULL. `parent` may be NULL, so that lookups chain. */
const struct xml_element *xml_child(const struct xml_element *parent, const char *name);
/* The next sibling of the same name, or NULL. */
const struct xml_element *xml_next(const struct xml_element *element);
/* Trimmed text of the first child of that name, or empty. */
struct text xml_child_text(const struct xml_element *parent, const char *name);

#endif
