"""What several tests read from pages."""

import re


def told(page):
    return re.findall(r'<p class="(?:done|problem|message)">(.*?)</p>', page)


def shown(page):
    found = re.search(r'data-comment="(\d+)"', page)
    return found and found[1]
