from masonite.environment import env

NAME = "skeleton"
KEY = env("APP_KEY")
DEBUG = env("APP_DEBUG", True)
HASHING = {"default": "bcrypt", "bcrypt": {"rounds": 10}}
APP_URL = "http://localhost:8000/"
