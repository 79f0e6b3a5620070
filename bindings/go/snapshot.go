package claude

// #include "glue.h"
import "C"

// SetSnapshot gives the client another configuration, or one more under a name, while it is in use: made of these options
// and of nothing else, the key included ([WithSecret], [WithEnvironment]). Calls that have been started keep the one that
// they were started with; those that are started afterwards use the new one: the one without a name (""), unless
// [WithSnapshot] names another. A configuration that is refused changes nothing.
//
// Functions that the client was made with (observer, log, provider, handler of deprecated models) stay as they are.
func (c *Client) SetSnapshot(name string, options ...Option) error {
	own := c.own()
	if own == nil {
		return errNoClient()
	}
	for _, option := range options {
		if option.isHook() {
			return fail(CodeInvalid, "functions that the library calls are the client's, and given to NewClient: a snapshot "+
				"has them already")
		}
	}
	all := append(append([]Option{}, own.engine.hooks...), options...)
	err := configured(all, func(config *C.claude_config_t) error {
		if own.engine.provider != nil {
			if err := setConfig(config, "auth.refresh_lead_ms", "0"); err != nil { // see provider.learn
				return err
			}
		}
		return own.setSnapshot(name, config)
	})
	if err == nil {
		own.engine.hears(name, options)
	}
	return err
}

// RemoveSnapshot removes the snapshot with a name. Calls that use it go on.
func (c *Client) RemoveSnapshot(name string) error { return c.own().setSnapshot(name, nil) }

func (o *owner) setSnapshot(name string, config *C.claude_config_t) error {
	return o.lend(func(client *C.claude_client_t) error {
		return withOptionalText(name, "the name of a snapshot", func(name *C.char) error {
			var failure *C.claude_error_t
			return check(C.claude_client_set_snapshot(client, name, config, &failure), failure)
		})
	})
}

// Generation is that of the client's configuration under a name: 1 when the client is made, and each change of any of its
// snapshots counts on. 0: there is none of this name.
func (c *Client) Generation(name string) int64 {
	generation := C.int64_t(0)
	_ = c.own().lend(func(client *C.claude_client_t) error {
		return withOptionalText(name, "the name of a snapshot", func(name *C.char) error {
			generation = C.claude_client_generation(client, name)
			return nil
		})
	})
	return int64(generation)
}

// WithSnapshot has a call use the client's snapshot of a name.
func WithSnapshot(name string) Option {
	return ofCalls("WithSnapshot", func(request *C.claude_request_t) error {
		return setOption(request, "request.snapshot", name)
	})
}

// WithEnvironment takes the variables of the environment, as [FromEnv] does: for the configuration of a snapshot. Options
// that come after it win.
func WithEnvironment() Option {
	return Option{
		client: func(config *C.claude_config_t) error {
			var failure *C.claude_error_t
			return check(C.claude_config_load_env(config, &failure), failure)
		},
		call: ofClients("WithEnvironment"),
	}
}
