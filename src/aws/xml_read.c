/*
 * XML to a tree with expat, for bytes from outside: no DOCTYPE, and limits on bytes, depth,
 * elements and names before anything is allocated for them.
 */
#include "onput/xml_read.h"

#include <expat.h>
#include <string.h>

#include "onput/buffer.h"

struct node {
    struct xml_element element;
    struct node *last_child;
};

struct reader {
    XML_Parser parser;
    struct arena *arena;
    struct node *open[XML_MAX_DEPTH];
    size_t depth;
    size_t elements;
    struct node *root;
    struct buffer text; /* since the last start tag */
    struct error failure;
};

static void stop(struct reader *r, enum error_code code, const char *sentence)
{
    if (r->failure.code == ERROR_NONE)
        error_set(&r->failure, code, "%s", sentence);
    XML_StopParser(r->parser, XML_FALSE);
}

static struct text local_name(const char *name)
{
    const char *colon = strchr(name, ':');
    return text_of(colon ? colon + 1 : name);
}

static void link_child(struct node *parent, struct node *child)
{
    if (parent->last_child)
        parent->last_child->element.next = &child->element;
    else
        parent->element.first_child = &child->element;
    parent->last_child = child;
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = ctx;
    struct text local = local_name(name);
    (void)attributes;
    if (r->depth == XML_MAX_DEPTH || r->elements == XML_MAX_ELEMENTS ||
        local.len > XML_MAX_NAME_BYTES) {
        stop(r, ERROR_LIMIT,
             "The XML document is too deep, or has too many elements or too long names.");
        return;
    }
    struct node *node = ARENA_NEW(r->arena, struct node);
    node->element.name = arena_text(r->arena, local);
    node->element.text = TEXT("");
    if (r->depth)
        link_child(r->open[r->depth - 1], node);
    else
        r->root = node;
    r->open[r->depth++] = node;
    r->elements++;
    buffer_reset(&r->text);
}

static void on_end(void *ctx, const XML_Char *name)
{
    struct reader *r = ctx;
    (void)name;
    if (r->depth == 0)
        return;
    struct node *node = r->open[--r->depth];
    if (!node->element.first_child)
        node->element.text = arena_text(r->arena, buffer_text(&r->text));
    buffer_reset(&r->text);
}

static void on_text(void *ctx, const XML_Char *bytes, int len)
{
    struct reader *r = ctx;
    buffer_append(&r->text, bytes, (size_t)len);
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                       const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    stop(ctx, ERROR_PROTOCOL, "The XML document has a DOCTYPE.");
}

static int parse(struct reader *r, struct text document, struct error *err)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    enum XML_Status status = XML_Parse(r->parser, document.ptr, (int)document.len, XML_TRUE);
    if (r->failure.code != ERROR_NONE) {
        *err = r->failure;
        return -1;
    }
    if (status != XML_STATUS_OK)
        return error_set(err, ERROR_PROTOCOL, "The XML document is malformed in line %lu: %s.",
                         (unsigned long)XML_GetCurrentLineNumber(r->parser),
                         XML_ErrorString(XML_GetErrorCode(r->parser)));
    return 0;
}

int xml_read(struct text document, struct arena *arena, const struct xml_element **out,
             struct error *err)
{
    if (document.len > XML_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "The XML document has more than %d bytes.",
                         XML_MAX_BYTES);
    struct reader r = {.arena = arena, .parser = XML_ParserCreate(NULL)};
    BUG_ON(!r.parser); /* small allocation, see memory.h */
    buffer_init(&r.text, XML_MAX_BYTES);
    int rc = parse(&r, document, err);
    XML_ParserFree(r.parser);
    buffer_release(&r.text);
    if (!rc)
        *out = &r.root->element;
    return rc;
}

const struct xml_element *xml_child(const struct xml_element *parent, const char *name)
{
    const struct xml_element *child = parent ? parent->first_child : NULL;
    while (child && !text_is(child->name, name))
        child = child->next;
    return child;
}

const struct xml_element *xml_next(const struct xml_element *element)
{
    const struct xml_element *next = element->next;
    while (next && !text_equal(next->name, element->name))
        next = next->next;
    return next;
}

struct text xml_child_text(const struct xml_element *parent, const char *name)
{
    const struct xml_element *child = xml_child(parent, name);
    return child ? text_trim(child->text) : TEXT("");
}
