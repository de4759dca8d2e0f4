"""Elements of feeds and of their usual extensions, and which field of an entry each of them is."""

MODULES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dc",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://search.yahoo.com/mrss/": "media",
    "http://search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
#: Namespaces whose elements count as the feed's own.
CORE = frozenset(
    {
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://backend.userland.com/rss2",
        "http://channel.netscape.com/rdf/simple/0.9/",
    }
)
FIELDS = {
    "title": "title", "media:title": "title2", "dc:title": "title2",
    "guid": "id", "id": "id", "dc:identifier": "id2",
    "pubDate": "posted", "pubdate": "posted", "published": "posted", "issued": "posted", "created": "posted",
    "dc:date": "posted2", "date": "posted2", "dc:issued": "posted2", "dc:created": "posted2",
    "updated": "edited", "modified": "edited", "dc:modified": "edited", "lastBuildDate": "edited",
    "description": "summary", "summary": "summary", "tagline": "summary", "dc:description": "summary",
    "media:description": "summary2", "itunes:summary": "summary2", "itunes:subtitle": "summary2",
    "dc:abstract": "summary2",
    "content:encoded": "content", "content": "content", "xhtml:body": "content", "body": "content",
    "fullitem": "content",
    "author": "author", "dc:creator": "author", "creator": "author", "itunes:author": "author2",
    "managingEditor": "author2",
    "dc:publisher": "publisher", "dc:contributor": "author2", "contributor": "author2",
    "category": "tag", "dc:subject": "tag", "media:keywords": "tag", "itunes:keywords": "tag",
    "subject": "tag",
    "link": "link", "comments": "comments", "enclosure": "enclosure", "source": "source",
    "dc:language": "lang", "language": "lang",
}  # fmt: skip
#: Elements that are containers: what is in them counts as if it stood there.
GROUPS = frozenset({"media:group"})
