// Made by scripts/api-types.ts of test/http/api/openapi.json.
export interface paths {
  "/api/v4/session/methods": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How one can sign in */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["SignInMethods"];
          };
        };
        400: components["responses"]["BadRequest"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/session": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who one is, and what one may */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Me"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Sign in by password or access token: a session begins, kept in a cookie */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["SignIn"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Me"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
        503: components["responses"]["Unavailable"];
      };
    };
    /** Sign out: the session ends, and its cookie opens nothing any more */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/session/oidc/{provider}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Go to an identity provider, to sign in there */
    get: {
      parameters: {
        query?: {
          return_to?: string;
        };
        header?: never;
        path: {
          provider: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        303: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        429: components["responses"]["TooManyRequests"];
        503: components["responses"]["Unavailable"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/session/oidc/{provider}/callback": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Come back from an identity provider: a session begins, kept in a cookie */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          provider: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        303: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        429: components["responses"]["TooManyRequests"];
        503: components["responses"]["Unavailable"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/user/sessions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** One's own sessions */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Sessions"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/user/sessions/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** End one of one's own sessions */
    delete: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}/password": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether a user has a password, and since when */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PasswordState"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Give a user a password, and end all his sessions; for administrators */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["NewPassword"];
          "application/x-www-form-urlencoded": components["schemas"]["NewPassword"];
        };
      };
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/user/password": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /** Change one's own password, and end all other sessions */
    put: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["OwnPassword"];
          "application/x-www-form-urlencoded": components["schemas"]["OwnPassword"];
        };
      };
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}/identities": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who a user is at identity providers */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Identity"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}/identities/{provider}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who a user is at one identity provider */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
          provider: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Identity"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Let a user sign in at an identity provider, as whom it calls so (its claim sub) */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
          provider: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": {
            subject: string;
          };
          "application/x-www-form-urlencoded": {
            subject: string;
          };
        };
      };
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    /** Let him do so no more; what its claims gave him goes too */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
          provider: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/registries": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the registries of a group */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Registry"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Create a registry */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["RegistryFields"];
          "application/x-www-form-urlencoded": components["schemas"]["RegistryFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Registry"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registries/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a registry */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["RegistryDetail"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Delete a registry, and those of its upstreams that no other registry has */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    /** Change a registry */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["RegistryChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["RegistryChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["RegistryDetail"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registries/{id}/cache": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What emptying a registry's cache would give up */
    get: {
      parameters: {
        query?: {
          pattern?: string;
          include_pinned?: boolean;
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PurgePreview"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Empty the cache of those upstreams that no other registry has */
    delete: {
      parameters: {
        query?: {
          pattern?: string;
          include_pinned?: boolean;
        };
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/upstreams/test": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Test a connection that is not saved */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["Connection"];
          "application/x-www-form-urlencoded": components["schemas"]["Connection"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["ConnectionResult"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}/test": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Test the connection of an upstream, as it is or with other settings */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["ConnectionChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["ConnectionChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["ConnectionResult"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/upstreams": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the upstreams of a group */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          upstream_name?: string;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Upstream"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Create an upstream that is in no registry yet */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["UpstreamFields"];
          "application/x-www-form-urlencoded": components["schemas"]["UpstreamFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Upstream"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registries/{id}/upstreams": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the upstreams of a registry, in the order in which they are asked; the `ETag` is that of the order */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PlacedUpstream"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Create an upstream, at the end of a registry's list */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["UpstreamFields"];
          "application/x-www-form-urlencoded": components["schemas"]["UpstreamFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PlacedUpstream"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get an upstream, and how it is doing */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["UpstreamDetail"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Delete an upstream from every registry, with its cache */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    /** Change an upstream; with another URL its credentials go, unless both are given anew */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["UpstreamChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["UpstreamChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["UpstreamDetail"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}/cache": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What emptying an upstream's cache would give up */
    get: {
      parameters: {
        query?: {
          pattern?: string;
          include_pinned?: boolean;
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PurgePreview"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Empty an upstream's cache, or give up what a pattern is for */
    delete: {
      parameters: {
        query?: {
          pattern?: string;
          include_pinned?: boolean;
        };
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}/rules": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the rules that say which names an upstream is asked for */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["UpstreamRule"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Add a rule to an upstream */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["Rule"];
          "application/x-www-form-urlencoded": components["schemas"]["Rule"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["UpstreamRule"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}/rules/{rule_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a rule of an upstream */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
          rule_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["UpstreamRule"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Take a rule from an upstream */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
          rule_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    /** Change a rule of an upstream, in its place */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
          rule_id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["RuleChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["RuleChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["UpstreamRule"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registry_upstreams": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Add an upstream of the group to the end of a registry's list */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["AssociationFields"];
          "application/x-www-form-urlencoded": components["schemas"]["AssociationFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Association"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registry_upstreams/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get the place of an upstream in a registry's list; its `ETag` is that of the list's order */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Association"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Take an upstream out of a registry; it stays, with its cache */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    /** Move an upstream within a registry's list; the others close up */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["Move"];
          "application/x-www-form-urlencoded": components["schemas"]["Move"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Association"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}/repositories": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the repositories of which something is cached, in order of name */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          search?: string;
          after?: string;
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["CachedRepository"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}/cache_entries": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List what is cached of an upstream, the newest first, or of one repository, in order of reference */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          search?: string;
          repository?: string;
          kind?: "tag" | "digest" | "blob";
          sort?: "asc" | "desc";
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["CacheEntry"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/cache_entries/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A cache entry, and what its manifest leads to */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["CacheEntryDetail"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Give up a cache entry */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/cache_entries/{id}/pin": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Pin a cache entry: no purge or policy gives it up, nor what it needs */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["CacheEntry"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    /** Unpin a cache entry */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/statistics": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What a group's registries hold, and how often they were pulled from in 30 days */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["GroupStatistics"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/statistics/history": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Pulls by five minutes, hour or day, all of the group's, or those of an upstream or repository */
    get: {
      parameters: {
        query?: {
          from?: string;
          to?: string;
          upstream_id?: number;
          interval?: "five_minutes" | "hour" | "day";
          repository?: string;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["StatisticsPoint"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/statistics/repositories": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The repositories with the most pulls */
    get: {
      parameters: {
        query?: {
          from?: string;
          to?: string;
          upstream_id?: number;
          limit?: number;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["RepositoryStatistics"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/pulls": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The latest pulls at this server that have ended, the newest first */
    get: {
      parameters: {
        query?: {
          registry_id?: number;
          upstream_id?: number;
          /** @description a part of its name, or a glob for all of it: * stops at a slash, ** does not */
          repository?: string;
          failed?: "true" | "false";
          limit?: number;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Pull"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/health": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How a group's upstreams have been doing in the last minutes, and the fills under way */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["GroupHealth"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/container/events": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Follow pulls, fills and the health of upstreams as server-sent events */
    get: {
      parameters: {
        query?: {
          registry_id?: number;
          upstream_id?: number;
          /** @description a part of its name, or a glob for all of it: * stops at a slash, ** does not */
          repository?: string;
          failed?: "true" | "false";
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "text/event-stream": components["schemas"]["ServerSentEvent"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        429: components["responses"]["TooManyRequests"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/settings": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether a group's registries are switched on */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["VirtualRegistrySettings"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Switch a group's registries on or off: off, they look as if they were not there, and everything is kept */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["VirtualRegistrySettings"];
          "application/x-www-form-urlencoded": components["schemas"]["VirtualRegistrySettings"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["VirtualRegistrySettings"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registries/{id}/refresh": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Read a tag anew from its upstream, however fresh the cached copy is */
    post: {
      parameters: {
        query: {
          image: string;
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Refreshed"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
        502: components["responses"]["BadGateway"];
        503: components["responses"]["Unavailable"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registries/{id}/explain": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What a pull would do now, and why */
    get: {
      parameters: {
        query: {
          image: string;
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PullPlan"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/upstreams/{id}/import": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Import images from an OCI layout or docker save archive into an upstream's cache */
    post: {
      parameters: {
        query?: {
          repository?: string;
          tag?: string;
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/x-tar": string;
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Imported"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        408: components["responses"]["RequestTimeout"];
        409: components["responses"]["Conflict"];
        422: components["responses"]["Unprocessable"];
        429: components["responses"]["TooManyRequests"];
        507: components["responses"]["InsufficientStorage"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registries/{id}/export": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Export images of a registry as an archive, as they would be pulled */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["ExportFields"];
          "application/x-www-form-urlencoded": components["schemas"]["ExportFields"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/x-tar": string;
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
        502: components["responses"]["BadGateway"];
        503: components["responses"]["Unavailable"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a group */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Group"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Give a group another name or path; the Dependency Proxy is found by the former path too */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["GroupChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["GroupChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Group"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    /** Delete a group with everything in it */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/dependency_proxy/cache": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** Empty the cache of a group's Dependency Proxy */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        202: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/dependency_proxy/settings": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get the settings of a group's Dependency Proxy */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["DependencyProxySettings"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Change the settings of a group's Dependency Proxy; what is not given stays */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["DependencyProxyChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["DependencyProxyChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["DependencyProxySettings"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/dependency_proxy/ttl_policy": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get when a group's Dependency Proxy gives up what is not pulled any more */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["TtlPolicy"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Change when a group's Dependency Proxy gives up what is not pulled any more */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["TtlPolicyChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["TtlPolicyChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["TtlPolicy"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/user": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who the access token stands for */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List users */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          search?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    /** Create a user */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["UserFields"];
          "application/x-www-form-urlencoded": components["schemas"]["UserFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a user */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    /** Change a user's name or e-mail address, or whether he is an administrator */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["UserChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["UserChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/users/{id}/block": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Block a user: nothing that is his counts from now on */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}/unblock": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Let a blocked user in again */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}/deactivate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Deactivate a user, which is as blocking him */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}/activate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Let a deactivated user in again */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["User"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the groups that one may get */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          search?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Group"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    /** Create a subgroup, or a top-level group, which is for administrators */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["GroupFields"];
          "application/x-www-form-urlencoded": components["schemas"]["GroupFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Group"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/members": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the members of a group, not those of groups above */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          query?: string;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Make a user a member of a group */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["MemberFields"];
          "application/x-www-form-urlencoded": components["schemas"]["MemberFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        409: components["responses"]["Conflict"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/members/{user_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a member of a group */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          user_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Change the role of a member of a group, or when it ends */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          user_id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["MemberChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["MemberChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    /** Remove a member from a group */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          user_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/projects/{id}/members": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the members of a project, not those of groups above */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          query?: string;
        };
        header?: never;
        path: {
          /** @description id or path of a project, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Make a user a member of a project */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a project, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["MemberFields"];
          "application/x-www-form-urlencoded": components["schemas"]["MemberFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        409: components["responses"]["Conflict"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/projects/{id}/members/{user_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a member of a project */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a project, %2F for a slash */
          id: string;
          user_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Change the role of a member of a project, or when it ends */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a project, %2F for a slash */
          id: string;
          user_id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["MemberChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["MemberChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Member"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    /** Remove a member from a project */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a project, %2F for a slash */
          id: string;
          user_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/projects": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the projects that one may get */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          search?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Project"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    /** Create a project in a group */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["ProjectFields"];
          "application/x-www-form-urlencoded": components["schemas"]["ProjectFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Project"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/projects/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a project */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a project, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Project"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Delete a project, its memberships and job tokens */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a project, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/personal_access_tokens": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List one's own personal access tokens; administrators can name a user */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          search?: string;
          user_id?: number;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PersonalAccessToken"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Create a personal access token for oneself */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["PersonalAccessTokenFields"];
          "application/x-www-form-urlencoded": components["schemas"]["PersonalAccessTokenFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewPersonalAccessToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/personal_access_tokens/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a personal access token */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PersonalAccessToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Revoke a personal access token */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/users/{id}/personal_access_tokens": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Create a personal access token for a user */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["PersonalAccessTokenFields"];
          "application/x-www-form-urlencoded": components["schemas"]["PersonalAccessTokenFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewPersonalAccessToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/personal_access_tokens/{id}/rotate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Revoke a personal access token and create one like it, which ends when it would */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["Rotation"];
          "application/x-www-form-urlencoded": components["schemas"]["Rotation"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewPersonalAccessToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/access_tokens": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List a group's access tokens */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["GroupAccessToken"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Create an access token for a group, with a bot that has a role in it */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["GroupAccessTokenFields"];
          "application/x-www-form-urlencoded": components["schemas"]["GroupAccessTokenFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewGroupAccessToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/access_tokens/{token_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a group's access token */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          token_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["GroupAccessToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Revoke a group's access token; its bot goes with the last one */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          token_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/access_tokens/{token_id}/rotate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Revoke a group's access token and create one like it, which ends when it would */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          token_id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["Rotation"];
          "application/x-www-form-urlencoded": components["schemas"]["Rotation"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewGroupAccessToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/deploy_tokens": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List a group's deploy tokens */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["DeployToken"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Create a deploy token for a group */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["DeployTokenFields"];
          "application/x-www-form-urlencoded": components["schemas"]["DeployTokenFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewDeployToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/deploy_tokens/{token_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a group's deploy token */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          token_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["DeployToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Revoke a group's deploy token */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          token_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/deploy_tokens/{token_id}/rotate": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Revoke a group's deploy token and create one like it, which ends when it would */
    post: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          token_id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["DeployTokenRotation"];
          "application/x-www-form-urlencoded": components["schemas"]["DeployTokenRotation"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewDeployToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/admin/job_tokens": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Create a token for a job of a project, which acts as the user who started it */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["JobTokenFields"];
          "application/x-www-form-urlencoded": components["schemas"]["JobTokenFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["NewJobToken"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/admin/job_tokens/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /** End a job token, since the job has ended */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/audit_events": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List what was done and tried on this server, the newest first; for administrators */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          created_after?: string;
          created_before?: string;
          actor?: string;
          action?: string;
          subject?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["AuditEvent"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/audit_events": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List what was done to a group and to what belongs to it, the newest first */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          created_after?: string;
          created_before?: string;
          actor?: string;
          action?: string;
          subject?: string;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["AuditEvent"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/verify": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Verify the next part of what is stored */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["VerifyFields"];
          "application/x-www-form-urlencoded": components["schemas"]["VerifyFields"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Verified"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/arrival": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How this request has come here: by which proxy, and with what it says; for administrators */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Arrival"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/version": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Which version of Weir this server is */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Version"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/cleanup/policy": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a group's cleanup policy, and how its last run has ended */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["CleanupPolicy"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Give a group a cleanup policy */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["CleanupPolicyFields"];
          "application/x-www-form-urlencoded": components["schemas"]["CleanupPolicyFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["CleanupPolicy"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    /** Delete a group's cleanup policy */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    /** Change a group's cleanup policy; its next run is a cadence from now */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["CleanupPolicyFields"];
          "application/x-www-form-urlencoded": components["schemas"]["CleanupPolicyFields"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["CleanupPolicy"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/cleanup/policy/preview": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What a group's cleanup would give up now */
    get: {
      parameters: {
        query?: {
          keep_n_days_after_download?: number;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["PurgePreview"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/registries/{id}/prefetches": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List what is prefetched into a registry, and how far that has come */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
        };
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Prefetch"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Bring images into a registry's cache before anybody asks for them */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["PrefetchFields"];
          "application/x-www-form-urlencoded": components["schemas"]["PrefetchFields"];
        };
      };
      responses: {
        /** @description Done */
        202: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Prefetch"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/prefetches/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a prefetch, and how far it has come */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Prefetch"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Delete a prefetch; a run under way ends, and what it has brought stays */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/virtual_registries/container/prefetches/{id}/events": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Follow a prefetch to the end of its run, as server-sent events */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "text/event-stream": components["schemas"]["ServerSentEvent"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        429: components["responses"]["TooManyRequests"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/webhooks": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the webhooks of a group */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Webhook"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    /** Have a server told of what happens in a group */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["WebhookFields"];
          "application/x-www-form-urlencoded": components["schemas"]["WebhookFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Webhook"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get a webhook, and how its deliveries go */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          webhook_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Webhook"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Delete a webhook, with its deliveries */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          webhook_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    /** Change a webhook; to switch it on begins anew what has failed for long */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          webhook_id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["WebhookChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["WebhookChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Webhook"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}/test": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Send a webhook a message, once, to see whether it comes through */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          webhook_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        202: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["WebhookDelivery"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
        429: components["responses"]["TooManyRequests"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}/deliveries": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List what a webhook was told in the last days, and how that went, the newest first */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
        };
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
          webhook_id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["WebhookDelivery"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/admin/oidc_issuers": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the issuers whose id tokens jobs can log in with, and what these open */
    get: {
      parameters: {
        query?: {
          page?: number;
          per_page?: number;
          search?: string;
        };
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["OidcIssuer"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    /** Trust an issuer of id tokens, from the next login on */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["OidcIssuerFields"];
          "application/x-www-form-urlencoded": components["schemas"]["OidcIssuerFields"];
        };
      };
      responses: {
        /** @description Done */
        201: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["OidcIssuer"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/admin/oidc_issuers/{id}": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Get an issuer of id tokens */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["OidcIssuer"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    put?: never;
    post?: never;
    /** Trust an issuer of id tokens no longer; what was issued for them ends */
    delete: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        204: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
      };
    };
    options?: never;
    head?: never;
    /** Change an issuer of id tokens; what was issued for them under the former rules ends */
    patch: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          id: number;
        };
        cookie?: never;
      };
      requestBody?: {
        content: {
          "application/json": components["schemas"]["OidcIssuerChanges"];
          "application/x-www-form-urlencoded": components["schemas"]["OidcIssuerChanges"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["OidcIssuer"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    trace?: never;
  };
  "/api/v4/work": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the server's background work, and how far it has come */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Work"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/space": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How many bytes are stored, and what the limits are */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["Space"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/space/evictions": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What would be evicted now, and why; changes nothing */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["EvictionPreview"][];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
      };
    };
    put?: never;
    /** Evict now what is over a limit, instead of within a minute */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        202: {
          headers: {
            [name: string]: unknown;
          };
          content?: never;
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  "/api/v4/groups/{id}/-/virtual_registries/space": {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How many bytes a group's cache entries need, and how many they may */
    get: {
      parameters: {
        query?: never;
        header?: never;
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["GroupSpace"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
      };
    };
    /** Limit the bytes that a group's cache entries need */
    put: {
      parameters: {
        query?: never;
        header?: {
          /** @description an `ETag`: 412 where it is another now */
          "If-Match"?: string;
          /** @description an HTTP date: 412 where it was changed later */
          "If-Unmodified-Since"?: string;
        };
        path: {
          /** @description id or path of a group, %2F for a slash */
          id: string;
        };
        cookie?: never;
      };
      requestBody: {
        content: {
          "application/json": components["schemas"]["GroupSpaceFields"];
          "application/x-www-form-urlencoded": components["schemas"]["GroupSpaceFields"];
        };
      };
      responses: {
        /** @description Done */
        200: {
          headers: {
            /** @description for the `If-Match` of a change */
            ETag: string;
            [name: string]: unknown;
          };
          content: {
            "application/json": components["schemas"]["GroupSpace"];
          };
        };
        400: components["responses"]["BadRequest"];
        401: components["responses"]["Unauthorized"];
        403: components["responses"]["Forbidden"];
        404: components["responses"]["NotFound"];
        412: components["responses"]["PreconditionFailed"];
        413: components["responses"]["TooLarge"];
        415: components["responses"]["UnsupportedMediaType"];
      };
    };
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    Error:
      | {
          error: string;
          error_description?: string;
          scope?: string;
        }
      | {
          message:
            | string
            | {
                error: string;
              }
            | {
                [key: string]: string[];
              };
        };
    SignInMethods: {
      password: boolean;
      token: boolean;
      providers: {
        name: string;
        title: string;
        path: string;
      }[];
    };
    Me: {
      user: {
        id: number;
        username: string;
        admin: boolean;
      };
      /** @enum {string} */
      scope: "api" | "read_api";
      groups: {
        id: number;
        full_path: string;
        role: string;
      }[];
      session: {
        id: number;
        /** @enum {string} */
        method: "password" | "token" | "provider";
        provider: string | null;
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        created_at: string;
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        last_seen_at: string;
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        expires_at: string;
        idle_seconds: number;
      } | null;
      /** @description for the header X-CSRF-Token; null for an access token */
      csrf_token: string | null;
      /** @description what clients use: scheme, host and port of WEIR_EXTERNAL_URL */
      external_url: string;
    };
    SignIn: {
      /** @description user name or e-mail address */
      username?: string;
      /** Format: password */
      password?: string;
      /**
       * Format: password
       * @description access token with the scope api
       */
      token?: string;
    };
    Sessions: {
      id: number;
      /** @enum {string} */
      method: "password" | "token" | "provider";
      provider: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_seen_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      expires_at: string;
      current: boolean;
    }[];
    PasswordState: {
      /**
       * Format: date-time
       * @description null: there is none
       * @example 2025-11-03T09:15:00.000Z
       */
      changed_at: string | null;
    };
    NewPassword: {
      /** Format: password */
      password: string;
    };
    OwnPassword: {
      /** Format: password */
      current_password: string;
      /** Format: password */
      password: string;
    };
    Identity: {
      provider: string;
      issuer: string;
      subject: string;
    };
    Registry: {
      id: number;
      group_id: number;
      name: string;
      description: string | null;
      /** @enum {string} */
      on_unsure: "stop" | "continue";
      /** @enum {string} */
      ask: "in_order" | "parallel";
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
    };
    RegistryFields: {
      id?: number;
      name: string;
      description?: string | null;
      /** @enum {string} */
      on_unsure?: "stop" | "continue";
      /** @enum {string} */
      ask?: "in_order" | "parallel";
    };
    RegistryDetail: {
      id: number;
      group_id: number;
      name: string;
      description: string | null;
      /** @enum {string} */
      on_unsure: "stop" | "continue";
      /** @enum {string} */
      ask: "in_order" | "parallel";
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
      registry_upstreams: {
        id: number;
        upstream_id: number;
        position: number;
      }[];
      /** @description what the entries of its upstreams need; what several need counts for each */
      cached_bytes: number;
    };
    RegistryChanges: {
      name?: string;
      description?: string | null;
      /** @enum {string} */
      on_unsure?: "stop" | "continue";
      /** @enum {string} */
      ask?: "in_order" | "parallel";
    };
    ConnectionResult: {
      success: boolean;
      result?: string;
    };
    Connection: {
      /** @example https://registry-1.docker.io */
      url: string;
      username?: string | null;
      password?: string | null;
    };
    ConnectionChanges: {
      /** @example https://registry-1.docker.io */
      url?: string;
      username?: string | null;
      password?: string | null;
    };
    Upstream: {
      id: number;
      group_id: number;
      url: string;
      name: string;
      description: string | null;
      cache_validity_hours: number;
      username: string | null;
      token_realm: string | null;
      /** @enum {string} */
      denied_means: "absent" | "unsure";
      library_prefix: boolean;
      stale_if_absent_hours: number;
      stale_while_revalidate: boolean;
      /** @example 107374182400 */
      cache_max_bytes: number | null;
      ca: string | null;
      rules: components["schemas"]["Rule"][];
      /** @enum {string} */
      access: "shared" | "verified";
      verified_group: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
    };
    Rule: {
      /** @enum {string} */
      target: "repository" | "tag";
      /** @enum {string} */
      effect: "allow" | "deny";
      pattern: string;
    };
    UpstreamFields: {
      /** @example https://registry-1.docker.io */
      url: string;
      name: string;
      description?: string | null;
      username?: string | null;
      password?: string | null;
      cache_validity_hours?: number;
      token_realm?: string | null;
      /** @enum {string} */
      denied_means?: "absent" | "unsure";
      library_prefix?: boolean;
      stale_if_absent_hours?: number;
      stale_while_revalidate?: boolean;
      /** @example 107374182400 */
      cache_max_bytes?: number | null;
      ca?: string | null;
      rules?: components["schemas"]["Rule"][];
      /** @enum {string} */
      access?: "shared" | "verified";
      verified_group?: string | null;
    };
    PlacedUpstream: {
      id: number;
      group_id: number;
      url: string;
      name: string;
      description: string | null;
      cache_validity_hours: number;
      username: string | null;
      token_realm: string | null;
      /** @enum {string} */
      denied_means: "absent" | "unsure";
      library_prefix: boolean;
      stale_if_absent_hours: number;
      stale_while_revalidate: boolean;
      /** @example 107374182400 */
      cache_max_bytes: number | null;
      ca: string | null;
      rules: components["schemas"]["Rule"][];
      /** @enum {string} */
      access: "shared" | "verified";
      verified_group: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
      registry_upstream: {
        id: number;
        registry_id: number;
        position: number;
      };
    };
    UpstreamDetail: {
      id: number;
      group_id: number;
      url: string;
      name: string;
      description: string | null;
      cache_validity_hours: number;
      username: string | null;
      token_realm: string | null;
      /** @enum {string} */
      denied_means: "absent" | "unsure";
      library_prefix: boolean;
      stale_if_absent_hours: number;
      stale_while_revalidate: boolean;
      /** @example 107374182400 */
      cache_max_bytes: number | null;
      ca: string | null;
      rules: components["schemas"]["Rule"][];
      /** @enum {string} */
      access: "shared" | "verified";
      verified_group: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
      registry_upstreams: {
        id: number;
        registry_id: number;
        position: number;
      }[];
      health: components["schemas"]["Health"];
    };
    Health: {
      /** @enum {string} */
      breaker: "closed" | "open" | "half_open";
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      retry_at: string | null;
      last_failure: string | null;
      budget: {
        limit: number;
        remaining: number;
        window_seconds: number;
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        at: string;
      } | null;
    };
    UpstreamChanges: {
      /** @example https://registry-1.docker.io */
      url?: string;
      name?: string;
      description?: string | null;
      username?: string | null;
      password?: string | null;
      cache_validity_hours?: number;
      token_realm?: string | null;
      /** @enum {string} */
      denied_means?: "absent" | "unsure";
      library_prefix?: boolean;
      stale_if_absent_hours?: number;
      stale_while_revalidate?: boolean;
      /** @example 107374182400 */
      cache_max_bytes?: number | null;
      ca?: string | null;
      rules?: components["schemas"]["Rule"][];
      /** @enum {string} */
      access?: "shared" | "verified";
      verified_group?: string | null;
    };
    UpstreamRule: {
      id: number;
      upstream_id: number;
      /** @enum {string} */
      target: "repository" | "tag";
      /** @enum {string} */
      effect: "allow" | "deny";
      pattern: string;
    };
    RuleChanges: {
      /** @enum {string} */
      target?: "repository" | "tag";
      /** @enum {string} */
      effect?: "allow" | "deny";
      pattern?: string;
    };
    Association: {
      id: number;
      registry_id: number;
      upstream_id: number;
      position: number;
    };
    AssociationFields: {
      registry_id: number;
      upstream_id: number;
    };
    Move: {
      position: number;
    };
    CachedRepository: {
      repository: string;
      entries_count: number;
      tags_count: number;
      digests_count: number;
      size: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_downloaded_at: string;
    };
    CacheEntry: {
      /** @example NDIgMTUxNw== */
      id: string;
      group_id: number;
      upstream_id: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      upstream_checked_at: string;
      file_md5: null;
      file_sha1: null;
      digest: string;
      size: number;
      relative_path: string;
      upstream_etag: string | null;
      content_type: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
      downloads_count: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      downloaded_at: string;
      pinned: boolean;
    };
    CacheEntryDetail: {
      /** @example NDIgMTUxNw== */
      id: string;
      group_id: number;
      upstream_id: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      upstream_checked_at: string;
      file_md5: null;
      file_sha1: null;
      digest: string;
      size: number;
      relative_path: string;
      upstream_etag: string | null;
      content_type: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
      downloads_count: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      downloaded_at: string;
      pinned: boolean;
      repository: string;
      /** @enum {string} */
      kind: "tag" | "digest" | "blob";
      reference: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      next_check_at: string | null;
      manifest: components["schemas"]["ManifestDetail"];
    };
    ManifestDetail: {
      media_type: string;
      artifact_type: string | null;
      annotations: {
        [key: string]: string;
      };
      subject: {
        digest: string;
        media_type: string;
        size: number;
        annotations: {
          [key: string]: string;
        };
        cached: boolean;
        entry_id: string | null;
      } | null;
      config: {
        digest: string;
        media_type: string;
        size: number;
        annotations: {
          [key: string]: string;
        };
        cached: boolean;
        entry_id: string | null;
      } | null;
      layers: {
        digest: string;
        media_type: string;
        size: number;
        annotations: {
          [key: string]: string;
        };
        cached: boolean;
        entry_id: string | null;
      }[];
      platforms: {
        digest: string;
        media_type: string;
        size: number;
        annotations: {
          [key: string]: string;
        };
        cached: boolean;
        entry_id: string | null;
        platform: string | null;
      }[];
      tags: string[];
      referrers: {
        digest: string;
        media_type: string;
        size: number;
        annotations: {
          [key: string]: string;
        };
        cached: boolean;
        entry_id: string | null;
        artifact_type: string | null;
        tag: string | null;
      }[];
      truncated: boolean;
    } | null;
    GroupStatistics: {
      registries: number;
      upstreams: number;
      cache_entries: number;
      cache_size: number;
      cached_bytes: number;
      /** @example 107374182400 */
      cache_max_bytes: number | null;
      hits_30d: number;
      misses_30d: number;
    };
    StatisticsPoint: {
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      at: string;
      hits: number;
      misses: number;
      pulls: {
        hit: number;
        stale: number;
        revalidated: number;
        miss: number;
        collapsed: number;
        window: number;
        bypass: number;
        absent: number;
        refused: number;
      };
      bytes_from_cache: number;
      bytes_from_upstream: number;
      upstream_requests: number;
      upstream_errors: number;
    };
    RepositoryStatistics: {
      upstream_id: number;
      repository: string;
      hits: number;
      misses: number;
      pulls: {
        hit: number;
        stale: number;
        revalidated: number;
        miss: number;
        collapsed: number;
        window: number;
        bypass: number;
        absent: number;
        refused: number;
      };
      bytes_from_cache: number;
      bytes_from_upstream: number;
      upstream_requests: number;
      upstream_errors: number;
    };
    Pull: {
      /** @example 9f86d081884c-2k */
      id: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      at: string;
      request_id: string;
      /** @enum {string} */
      method: "GET" | "HEAD";
      registry_id: number;
      registry: string;
      upstream_id: number | null;
      upstream: string | null;
      repository: string;
      reference: string | null;
      /** @enum {string} */
      kind: "manifest" | "blob" | "tags" | "referrers";
      /** @enum {string} */
      cache_status:
        | "hit"
        | "stale"
        | "revalidated"
        | "miss"
        | "collapsed"
        | "window"
        | "bypass"
        | "absent"
        | "refused";
      reason: string | null;
      status: number;
      bytes: number;
      duration_ms: number;
      /** @enum {string} */
      outcome: "sent" | "left" | "cut" | "refused";
      error: components["schemas"]["PullError"];
      /** @description for maintainers; others get null */
      actor: string | null;
    };
    PullError: {
      code: string;
      message: string;
      next: string;
    } | null;
    GroupHealth: {
      window_minutes: number;
      upstreams: components["schemas"]["UpstreamHealth"][];
      fills: components["schemas"]["Fill"][];
    };
    UpstreamHealth: {
      id: number;
      name: string;
      /** @enum {string} */
      breaker: "closed" | "open" | "half_open";
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      retry_at: string | null;
      requests: number;
      errors: number;
      latency_ms: {
        p50: number | null;
        p95: number | null;
      };
      last_error: {
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        at: string;
        reason: string;
        message: string;
        next: string;
      } | null;
      budget: {
        limit: number;
        remaining: number;
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        at: string;
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        resets_at: string;
      } | null;
    };
    Fill: {
      upstream_id: number;
      repository: string;
      digest: string;
      size: number | null;
      received: number;
      followers: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      started_at: string;
    };
    ServerSentEvent: {
      event?: string;
      id?: string;
      data: string;
    };
    VirtualRegistrySettings: {
      enabled: boolean;
    };
    Refreshed: {
      digest: string;
      content_type: string;
      cache: {
        status: string;
        upstream: string;
        age: number;
        reason: string | null;
      };
    };
    PullPlan: {
      upstreams: {
        upstream_id: number;
        upstream: string;
        position: number;
        repository: string;
        denied_by: components["schemas"]["Rule"] | null;
        cached: {
          digest: string;
          /** @enum {string} */
          proof: "named" | "shown";
          /**
           * Format: date-time
           * @example 2025-11-03T09:15:00.000Z
           */
          checked_at: string;
          /**
           * Format: date-time
           * @example 2025-11-03T09:15:00.000Z
           */
          fresh_until: string | null;
        } | null;
        says: string | null;
        next: string | null;
      }[];
      decision: {
        status: string;
        upstream: string | null;
        digest: string | null;
        reason: string | null;
        /** @description what to do about it, where it is no success */
        next: string | null;
      };
    };
    Imported: {
      images: {
        repository: string;
        tag: string | null;
        digest: string;
      }[];
      blobs: number;
      bytes: number;
      absent: number;
    };
    ExportFields: {
      /**
       * @example [
       *       "library/alpine:3.20",
       *       "library/busybox:latest"
       *     ]
       */
      images: string[];
      /** @enum {string} */
      format?: "oci" | "docker";
      /** @example linux/amd64 */
      platform?: string;
    };
    Group: {
      id: number;
      name: string;
      path: string;
      full_path: string;
      parent_id: number | null;
    };
    GroupChanges: {
      name?: string;
      path?: string;
    };
    DependencyProxySettings: {
      enabled: boolean;
      identity: string | null;
    };
    DependencyProxyChanges: {
      enabled?: boolean;
      identity?: string | null;
      secret?: string | null;
    };
    TtlPolicy: {
      enabled: boolean;
      ttl: number;
    };
    TtlPolicyChanges: {
      enabled?: boolean;
      ttl?: number;
    };
    User: {
      id: number;
      username: string;
      name: string;
      /** @enum {string} */
      state: "active" | "blocked" | "deactivated";
      email: string | null;
      is_admin: boolean;
      bot: boolean;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
    };
    UserFields: {
      username: string;
      name?: string;
      /** Format: email */
      email?: string;
      admin?: boolean;
    };
    UserChanges: {
      name?: string;
      /** Format: email */
      email?: string | null;
      admin?: boolean;
    };
    GroupFields: {
      name: string;
      path: string;
      parent_id?: number | null;
    };
    Member: {
      id: number;
      username: string;
      name: string;
      /** @enum {string} */
      state: "active" | "blocked" | "deactivated";
      /**
       * @example 30
       * @enum {integer}
       */
      access_level: 10 | 15 | 20 | 30 | 40 | 50;
      expires_at: string | null;
    };
    MemberFields: {
      user_id?: number;
      username?: string;
      /**
       * @example 30
       * @enum {integer}
       */
      access_level: 10 | 15 | 20 | 30 | 40 | 50;
      /**
       * Format: date
       * @example 2026-12-31
       */
      expires_at?: string | null;
    };
    MemberChanges: {
      /**
       * @example 30
       * @enum {integer}
       */
      access_level?: 10 | 15 | 20 | 30 | 40 | 50;
      /**
       * Format: date
       * @example 2026-12-31
       */
      expires_at?: string | null;
    };
    Project: {
      id: number;
      name: string;
      path: string;
      path_with_namespace: string;
      namespace: {
        id: number;
        full_path: string;
      };
    };
    ProjectFields: {
      namespace_id: number;
      path: string;
      name?: string;
    };
    PersonalAccessToken: {
      id: number;
      name: string;
      scopes: string[];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_used_at: string | null;
      revoked: boolean;
      active: boolean;
      expires_at: string | null;
      user_id: number;
    };
    NewPersonalAccessToken: {
      id: number;
      name: string;
      scopes: string[];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_used_at: string | null;
      revoked: boolean;
      active: boolean;
      expires_at: string | null;
      user_id: number;
      /** @description shown this once */
      token: string;
    };
    PersonalAccessTokenFields: {
      name: string;
      scopes: (
        | "api"
        | "read_api"
        | "read_registry"
        | "write_registry"
        | "read_virtual_registry"
        | "write_virtual_registry"
      )[];
      /**
       * Format: date
       * @example 2026-12-31
       */
      expires_at?: string | null;
    };
    Rotation: {
      /**
       * Format: date
       * @example 2026-12-31
       */
      expires_at?: string;
    };
    GroupAccessToken: {
      id: number;
      name: string;
      scopes: string[];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_used_at: string | null;
      revoked: boolean;
      active: boolean;
      expires_at: string | null;
      user_id: number;
      /**
       * @example 30
       * @enum {integer|null}
       */
      access_level: 10 | 15 | 20 | 30 | 40 | 50 | null;
    };
    NewGroupAccessToken: {
      id: number;
      name: string;
      scopes: string[];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_used_at: string | null;
      revoked: boolean;
      active: boolean;
      expires_at: string | null;
      user_id: number;
      /**
       * @example 30
       * @enum {integer|null}
       */
      access_level: 10 | 15 | 20 | 30 | 40 | 50 | null;
      /** @description shown this once */
      token: string;
    };
    GroupAccessTokenFields: {
      name: string;
      scopes: (
        | "api"
        | "read_api"
        | "read_registry"
        | "write_registry"
        | "read_virtual_registry"
        | "write_virtual_registry"
      )[];
      /**
       * Format: date
       * @example 2026-12-31
       */
      expires_at?: string | null;
      /**
       * @example 30
       * @enum {integer}
       */
      access_level?: 10 | 15 | 20 | 30 | 40 | 50;
    };
    DeployToken: {
      id: number;
      name: string;
      username: string;
      scopes: string[];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      expires_at: string | null;
      revoked: boolean;
      expired: boolean;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_used_at: string | null;
    };
    NewDeployToken: {
      id: number;
      name: string;
      username: string;
      scopes: string[];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      expires_at: string | null;
      revoked: boolean;
      expired: boolean;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_used_at: string | null;
      /** @description shown this once */
      token: string;
    };
    DeployTokenFields: {
      name: string;
      username?: string;
      scopes: (
        "read_registry" | "write_registry" | "read_virtual_registry" | "write_virtual_registry"
      )[];
      /** @example 2026-12-31 */
      expires_at?: string;
    };
    DeployTokenRotation: {
      /** @example 2026-12-31 */
      expires_at?: string;
    };
    NewJobToken: {
      id: number;
      user_id: number;
      project_id: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      expires_at: string;
      active: boolean;
      /** @description shown this once */
      token: string;
    };
    JobTokenFields: {
      user_id: number;
      project_id: number;
      ttl_seconds?: number;
    };
    AuditEvent: {
      id: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      actor: {
        kind: string;
        id: number | null;
        name: string | null;
      };
      action: string;
      subject: {
        kind: string;
        id: number | null;
        name: string | null;
      };
      group_id: number | null;
      address: string | null;
      /** @enum {string} */
      result: "success" | "failure" | "refused";
      request_id: string | null;
      details: {
        [key: string]: unknown;
      };
    };
    Verified: {
      next: string | null;
      checked: {
        manifests: number;
        blobs: number;
        bytes: number;
        entries: number;
      };
      findings: components["schemas"]["Finding"][];
    };
    Finding: {
      /** @enum {string} */
      kind: "manifest" | "blob";
      digest: string;
      /** @enum {string} */
      problem: "missing" | "wrong" | "unreadable";
      /** @enum {string} */
      outcome: "repaired" | "lost" | "unneeded" | "kept";
      upstream: string | null;
      repository: string | null;
      reason: string | null;
    };
    VerifyFields: {
      /** @example entries 2000 */
      after?: string;
      repair?: boolean;
    };
    Arrival: {
      address: string | null;
      peer: string | null;
      trusted_proxy: boolean;
      forwarded: boolean;
      forwarded_proto: string | null;
      closes: boolean;
      host: string | null;
    };
    Version: {
      /** @example 1.2.0 */
      version: string;
    };
    PurgePreview: {
      entries: number;
      size: number;
      repositories: string[];
      partial: boolean;
    };
    CleanupPolicy: {
      group_id: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      next_run_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_run_at: string | null;
      last_run_deleted_size: number;
      last_run_deleted_entries_count: number;
      keep_n_days_after_download: number;
      /** @enum {string} */
      status: "scheduled" | "running" | "failed";
      cadence: 1 | 7 | 14 | 30 | 90;
      enabled: boolean;
      failure_message: string | null;
      last_run_detailed_metrics: {
        [key: string]: unknown;
      };
      notify_on_success: boolean;
      notify_on_failure: boolean;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
    };
    CleanupPolicyFields: {
      enabled?: boolean;
      keep_n_days_after_download?: number;
      cadence?: 1 | 7 | 14 | 30 | 90;
      notify_on_success?: boolean;
      notify_on_failure?: boolean;
    };
    Prefetch: {
      id: number;
      group_id: number;
      registry_id: number;
      name: string | null;
      platforms: string[];
      every_hours: number | null;
      /** @enum {string} */
      status: "scheduled" | "running" | "finished" | "failed";
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      next_run_at: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_run_at: string | null;
      progress: {
        images: {
          done: number;
          total: number;
        };
        objects: {
          done: number;
          total: number;
        };
        bytes: {
          done: number;
          total: number;
        };
      };
      images: components["schemas"]["PrefetchImage"][];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
    };
    PrefetchImage: {
      image: string;
      /** @enum {string} */
      status: "pending" | "done" | "failed";
      reason: string | null;
      digest: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      retry_at: string | null;
      objects: {
        done: number;
        total: number;
      };
      bytes: {
        done: number;
        total: number;
      };
    };
    PrefetchFields: {
      /** @description none other of the registry has it; a configuration file finds the prefetch by it */
      name?: string | null;
      /**
       * @example [
       *       "library/alpine:3.20"
       *     ]
       */
      images: string[];
      /**
       * @example [
       *       "linux/amd64",
       *       "linux/arm64/v8"
       *     ]
       */
      platforms?: string[];
      every_hours?: number | null;
    };
    Webhook: {
      id: number;
      group_id: number;
      name: string | null;
      url: string;
      description: string | null;
      ca: string | null;
      events: (
        | "*"
        | "registry.created"
        | "registry.changed"
        | "registry.purged"
        | "registry.deleted"
        | "upstream.created"
        | "upstream.changed"
        | "upstream.purged"
        | "upstream.deleted"
        | "upstream.unavailable"
        | "upstream.recovered"
        | "upstream.denied"
        | "cache.stored"
        | "cache.replaced"
        | "cache.deleted"
        | "cache.tag_gone"
        | "cleanup_policy.finished"
        | "cleanup_policy.failed"
        | "prefetch.finished"
        | "prefetch.failed"
      )[];
      enabled: boolean;
      disabled_reason: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      failing_since: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_delivered_at: string | null;
      dropped_count: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
    };
    WebhookFields: {
      /** @description none other of the group has it; a configuration file finds the webhook by it */
      name?: string | null;
      /** @example https://example.com/hook */
      url: string;
      /** @description `whsec_` and 24 to 64 random bytes in base64; nobody gets to see it again */
      secret: string;
      description?: string | null;
      ca?: string | null;
      events?: (
        | "*"
        | "registry.created"
        | "registry.changed"
        | "registry.purged"
        | "registry.deleted"
        | "upstream.created"
        | "upstream.changed"
        | "upstream.purged"
        | "upstream.deleted"
        | "upstream.unavailable"
        | "upstream.recovered"
        | "upstream.denied"
        | "cache.stored"
        | "cache.replaced"
        | "cache.deleted"
        | "cache.tag_gone"
        | "cleanup_policy.finished"
        | "cleanup_policy.failed"
        | "prefetch.finished"
        | "prefetch.failed"
      )[];
      enabled?: boolean;
    };
    WebhookChanges: {
      /** @description none other of the group has it; a configuration file finds the webhook by it */
      name?: string | null;
      /** @example https://example.com/hook */
      url?: string;
      /** @description `whsec_` and 24 to 64 random bytes in base64; nobody gets to see it again */
      secret?: string;
      description?: string | null;
      ca?: string | null;
      events?: (
        | "*"
        | "registry.created"
        | "registry.changed"
        | "registry.purged"
        | "registry.deleted"
        | "upstream.created"
        | "upstream.changed"
        | "upstream.purged"
        | "upstream.deleted"
        | "upstream.unavailable"
        | "upstream.recovered"
        | "upstream.denied"
        | "cache.stored"
        | "cache.replaced"
        | "cache.deleted"
        | "cache.tag_gone"
        | "cleanup_policy.finished"
        | "cleanup_policy.failed"
        | "prefetch.finished"
        | "prefetch.failed"
      )[];
      enabled?: boolean;
    };
    WebhookDelivery: {
      id: number;
      message_id: string;
      event: string;
      /** @enum {string} */
      status: "pending" | "delivered" | "failed";
      attempts: number;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      next_attempt_at: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_attempt_at: string | null;
      response_status: number | null;
      reason: string | null;
      body: {
        [key: string]: unknown;
      };
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
    };
    OidcIssuer: {
      id: number;
      name: string;
      issuer: string;
      jwks_uri: string | null;
      audiences: string[] | null;
      algorithms: string[];
      ca: string | null;
      leeway_seconds: number;
      required_claims: {
        [key: string]: unknown;
      };
      rules: {
        claims: {
          [key: string]: unknown;
        };
        group: string;
        pull: ("registries" | "dependency_proxies")[];
      }[];
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      created_at: string;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      updated_at: string;
    };
    OidcIssuerFields: {
      /** @example gitlab */
      name: string;
      /** @example https://gitlab.example.com */
      issuer: string;
      jwks_uri?: string | null;
      audiences?: string[] | null;
      algorithms?: (
        | "RS256"
        | "RS384"
        | "RS512"
        | "PS256"
        | "PS384"
        | "PS512"
        | "ES256"
        | "ES384"
        | "ES512"
        | "EdDSA"
        | "Ed25519"
      )[];
      ca?: string | null;
      leeway_seconds?: number;
      required_claims?: {
        [key: string]: unknown;
      };
      rules: components["schemas"]["OidcIssuerRuleFields"][];
    };
    OidcIssuerRuleFields: {
      /**
       * @description claims and what they must be: a text with * and **, a list of such, or claims
       * @example {
       *       "project_path": "acme/*"
       *     }
       */
      claims: {
        [key: string]: unknown;
      };
      /** @example acme */
      group?: string;
      pull?: ("registries" | "dependency_proxies")[];
    };
    OidcIssuerChanges: {
      /** @example gitlab */
      name?: string;
      /** @example https://gitlab.example.com */
      issuer?: string;
      jwks_uri?: string | null;
      audiences?: string[] | null;
      algorithms?: (
        | "RS256"
        | "RS384"
        | "RS512"
        | "PS256"
        | "PS384"
        | "PS512"
        | "ES256"
        | "ES384"
        | "ES512"
        | "EdDSA"
        | "Ed25519"
      )[];
      ca?: string | null;
      leeway_seconds?: number;
      required_claims?: {
        [key: string]: unknown;
      };
      rules?: components["schemas"]["OidcIssuerRuleFields"][];
    };
    Work: {
      /** @example purges */
      name: string;
      /** @enum {string} */
      status: "scheduled" | "waiting" | "running" | "failed";
      progress: {
        done: number;
        total: number | null;
      };
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      last_run_at: string | null;
      /**
       * Format: date-time
       * @example 2025-11-03T09:15:00.000Z
       */
      next_run_at: string;
      message: string | null;
    };
    Space: {
      stored_bytes: number;
      leaving_bytes: number;
      /** @example 107374182400 */
      cache_max_bytes: number | null;
      storable_bytes: number | null;
      limits: {
        /** @enum {string} */
        scope: "upstream" | "group";
        id: number;
        name: string;
        cached_bytes: number;
        /** @example 107374182400 */
        cache_max_bytes: number;
      }[];
    };
    EvictionPreview: {
      /** @enum {string} */
      scope: "upstream" | "group" | "instance";
      id: number | null;
      name: string;
      /** @enum {string} */
      reason: "limit" | "free_space";
      bytes: number;
      bound: number;
      excess: number;
      entries_count: number;
      size: number;
      left: number;
      entries: {
        id: number;
        group_id: number;
        upstream_id: number;
        relative_path: string;
        digest: string;
        size: number;
        /**
         * Format: date-time
         * @example 2025-11-03T09:15:00.000Z
         */
        downloaded_at: string;
      }[];
    };
    GroupSpace: {
      cached_bytes: number;
      /** @example 107374182400 */
      cache_max_bytes: number | null;
    };
    GroupSpaceFields: {
      /** @example 107374182400 */
      cache_max_bytes: number | null;
    };
  };
  responses: {
    /** @description A parameter is missing, unknown or cannot be read, or the thing may not be so */
    BadRequest: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description No access token, or one that does not count */
    Unauthorized: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description The token's scope, or the role in the group, is not for this */
    Forbidden: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description Not there, or not the caller's to know of */
    NotFound: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description Nothing more of the body has come */
    RequestTimeout: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description It is there already, or was changed meanwhile */
    Conflict: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description It is not what the request says it must be */
    PreconditionFailed: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description The body is too large */
    TooLarge: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description The body is neither JSON nor a form */
    UnsupportedMediaType: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description The archive is not what it must be */
    Unprocessable: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description Too often; `Retry-After` says when again */
    TooManyRequests: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description What an upstream answered is wrong */
    BadGateway: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description What is asked for cannot be had now */
    Unavailable: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
    /** @description The store cannot take it */
    InsufficientStorage: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        "application/json": components["schemas"]["Error"];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
