"""What several test modules of the service share."""

import re
from json import dumps

POLICY = """
version = "test-1"

[lists]
suspect = ["غربال"]
banned = ["منخل"]
"""

APPROVED = "شكرا على هذا المقال المفيد"
SUSPECT = "اشتريت غربال من السوق"
BANNED = "عندي منخل قديم"


PASSWORD = "a password of tests"


class Browser:
    """A test client that is signed in and sends the token of forms."""

    def __init__(self, client, name):
        self.client = client
        self.token = self._token("/sign-in")
        answer = self.post("/sign-in", name=name, password=PASSWORD)
        assert answer.status_code == 303
        self.renew_token()

    def renew_token(self):
        """Take the token of the session that is open now."""
        self.token = self._token("/preferences")

    def _token(self, path):
        return re.search(r'csrf_token" value="([^"]+)"', self.client.get(path).text)[1]

    def get(self, path, **kwargs):
        return self.client.get(path, **kwargs)

    def post(self, path, headers=None, **form):
        return self.client.post(path, data={"csrf_token": self.token} | form, headers=headers)

    def open(self, path, *, method):
        return self.get(path) if method == "GET" else self.post(path)


class Caller:
    """A test client with a key."""

    def __init__(self, client, key):
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path, **kwargs):
        return self.client.get(path, headers=self.headers, **kwargs)

    def post(self, path, json):
        return self.post_raw(path, dumps(json))

    def post_raw(self, path, body, **headers):
        headers = {"Content-Type": "application/json"} | headers
        return self.client.post(path, data=body, headers=self.headers | headers)
