"""The sandbox: a small, honest telehealth platform to run and test against.

It is a stand-in for a real host. It knows a plugin only by the plugin's address: it reads the plugin's
manifest, sends it signed webhooks, issues participant tokens and keeps a record API. It imports nothing of
the plugin.
"""
