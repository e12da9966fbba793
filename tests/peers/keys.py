"""Object keys that something between a store and a thumbnail is likely to get wrong."""

# Each path segment stays below 255 bytes, because MinIO keeps segments as file names.
LONG = "/".join(["deep" + "x" * 195] * 5)[:996] + ".jpg"

AWKWARD = {
    "space": "summer 2026/my photo.jpg",
    "plus": "a+b/c+d.jpg",
    "percent": "100%/half%20encoded%2Fname%.jpg",
    "utf8": "Zürich/日本語/🐈 naïve.jpg",
    "query_characters": "q&a=1?x=2#frag;v,@:$!.jpg",
    "quotes": "it's \"quoted\" <tag> (1) [2] {3} *~`^|.jpg",
    "1000_bytes": LONG,
}

DOUBLE_SLASH = "a//b///c.jpg"  # MinIO refuses such keys
