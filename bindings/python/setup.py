"""The part of the build that pyproject.toml cannot say: the extension module, in the limited API."""

import sys

from setuptools import setup

# Describing the module asks for the installed library, which a source distribution does not need.
builds = not {"sdist", "egg_info", "dist_info"} & set(sys.argv)
modules = {"cffi_modules": ["ffi_build.py:ffibuilder"]} if builds else {}

setup(options={"bdist_wheel": {"py_limited_api": "cp39"}}, **modules)
