"""One suite for the virtual switch and for a real FreeSWITCH; see conftest.py."""
