"""The part of the build that pyproject.toml cannot say: the extension module, in the limited API."""

from setuptools import setup

setup(cffi_modules=["ffi_build.py:ffibuilder"], options={"bdist_wheel": {"py_limited_api": "cp39"}})
