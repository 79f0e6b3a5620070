package claude

// #include "glue.h"
import "C"

import (
	"encoding/json"
	"runtime"
)

// A Block is a content block of a request: its members as JSON has them. Others can be set like those of any map:
// block["cache_control"] = map[string]any{"type": "ephemeral"}.
type Block map[string]any

// Text is a block of text.
func Text(text string) Block { return Block{"type": "text", "text": text} }

// ToolResult answers a call of a tool. Content is a text or blocks.
func ToolResult(toolUseID string, content any, isError bool) Block {
	block := Block{"type": "tool_result", "tool_use_id": toolUseID, "content": content}
	if isError {
		block["is_error"] = true
	}
	return block
}

// UserMessage is a message of the user that has blocks.
func UserMessage(blocks ...Block) MessageParam { return MessageParam{"user", blocks} }

// ImagePath is an image in a file. Its type is told by its first bytes; its content is read and encoded while it is sent,
// and never held in memory.
func ImagePath(path string) (Block, error) { return ofPath(path, ImageFile) }

// ImageFile is an image in a file, as [ImagePath].
func ImageFile(file *File) (Block, error) {
	return ofFile(file, func(out **C.claude_block_t, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_image_file(file.handle, out, failure)
	})
}

// ImageBytes is an image in memory. Its type is found in the bytes if mediaType is "".
func ImageBytes(bytes []byte, mediaType string) (Block, error) {
	return ofText(mediaType, "the media type", func(media *C.char, out **C.claude_block_t,
		failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_image_bytes(pointer(asCText(bytes)), C.size_t(len(bytes)), media, out, failure)
	})
}

// ImageURL is an image that the server fetches.
func ImageURL(url string) (Block, error) {
	return ofText(url, "the URL", func(url *C.char, out **C.claude_block_t, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_image_url(url, out, failure)
	})
}

// ImageFileID is an image that was uploaded before.
func ImageFileID(id string) (Block, error) {
	return ofText(id, "the id", func(id *C.char, out **C.claude_block_t, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_image_file_id(id, out, failure)
	})
}

// DocumentPath is a PDF or a text in a file. A PDF is read and encoded while it is sent; anything else must be a text in
// UTF-8, which is read at once.
func DocumentPath(path string) (Block, error) { return ofPath(path, DocumentFile) }

// DocumentFile is a PDF or a text in a file, as [DocumentPath].
func DocumentFile(file *File) (Block, error) {
	return ofFile(file, func(out **C.claude_block_t, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_document_file(file.handle, out, failure)
	})
}

// DocumentBytes is a PDF or a text in memory, told by the bytes if mediaType is "".
func DocumentBytes(bytes []byte, mediaType string) (Block, error) {
	return ofText(mediaType, "the media type", func(media *C.char, out **C.claude_block_t,
		failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_document_bytes(pointer(asCText(bytes)), C.size_t(len(bytes)), media, out, failure)
	})
}

// DocumentURL is a PDF that the server fetches.
func DocumentURL(url string) (Block, error) {
	return ofText(url, "the URL", func(url *C.char, out **C.claude_block_t, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_document_url(url, out, failure)
	})
}

// DocumentFileID is a document that was uploaded before.
func DocumentFileID(id string) (Block, error) {
	return ofText(id, "the id", func(id *C.char, out **C.claude_block_t, failure **C.claude_error_t) C.claude_code_t {
		return C.claude_block_document_file_id(id, out, failure)
	})
}

func ofPath(path string, make func(*File) (Block, error)) (Block, error) {
	file, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	return make(file)
}

// ofFile makes a block in which the file stands for its token.
func ofFile(file *File, make func(**C.claude_block_t, **C.claude_error_t) C.claude_code_t) (Block, error) {
	if file == nil || file.handle == nil {
		return nil, errNoFile()
	}
	block, err := takeBlock(make)
	if err != nil {
		return nil, err
	}
	runtime.KeepAlive(file)
	if source, ok := block["source"].(map[string]any); ok && source["data"] == file.Token() {
		source["data"] = file
	}
	return block, nil
}

// ofText makes a block with a text, NULL if it is "".
func ofText(text, what string,
	make func(*C.char, **C.claude_block_t, **C.claude_error_t) C.claude_code_t) (block Block, err error) {
	given, err := cText(text, what)
	if err != nil {
		return nil, err
	}
	defer freeText(given)
	if text == "" {
		given = nil
	}
	return takeBlock(func(out **C.claude_block_t, failure **C.claude_error_t) C.claude_code_t {
		return make(given, out, failure)
	})
}

// takeBlock is a block of the library's as JSON has it.
func takeBlock(make func(**C.claude_block_t, **C.claude_error_t) C.claude_code_t) (Block, error) {
	var handle *C.claude_block_t
	var failure *C.claude_error_t
	if err := check(make(&handle, &failure), failure); err != nil {
		return nil, err
	}
	defer C.claude_block_unref(handle)
	var length C.size_t
	text := C.claude_block_to_json(handle, &length)
	if text == nil {
		return nil, fail(CodeNoMemory, "no memory for the block")
	}
	var block Block
	err := json.Unmarshal(C.GoBytes(pointer(text), C.int(length)), &block)
	return block, err
}
