/** nginx (`ngx_http_auth_request_module`): it asks with GET, and makes 500 of every answer but 2xx, 401 and 403. */
import { brokerTarget, decisionPath, errorBody, NOTHING_HERE } from './site.ts';
import type { BrokerPlace, ProxyBlock, ProxyFacts, ProxySite } from './site.ts';

/** The id of the request in the log of the broker. */
const REQUEST = '(request $fairlead_request)';

export function nginx({ broker, sites }: ProxyFacts): ProxyBlock {
  const server = 'socket' in broker ? `unix:${broker.socket}` : brokerTarget(broker);
  const upstream = `upstream fairlead {\n    server ${server};\n    keepalive 16;\n}\n`;
  return {
    text: [upstream, ...sites.map((site) => serverBlock(site, broker))].join('\n'),
    notes: ['put it into the http context, such as a file in /etc/nginx/conf.d, then: nginx -t && nginx -s reload'],
  };
}

function serverBlock(site: ProxySite, broker: BrokerPlace): string {
  const { host, port, registry, brokerPath } = site;
  return `server {
    listen ${port} ssl;
    server_name ${host};
    ssl_certificate /etc/nginx/${host}.crt;
    ssl_certificate_key /etc/nginx/${host}.key;
    large_client_header_buffers 4 64k;
    client_max_body_size 0;

    location /v2/ {
        auth_request /.fairlead;
        auth_request_set $fairlead_status $upstream_status;
        auth_request_set $fairlead_request $upstream_http_x_request_id;
        error_page 401 = @unauthorized;
        error_page 403 = @denied;
        error_page 500 = @undecided;
        error_page 502 504 = @unreachable;
        proxy_pass http://${registry};
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Authorization "";
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_read_timeout 900s;
        proxy_send_timeout 900s;
    }
    location = /.fairlead {
        internal;
        proxy_pass ${scheme(broker)}://fairlead${decisionPath(site)};
        proxy_http_version 1.1;${tlsLines(broker)}
        proxy_pass_request_body off;
        proxy_pass_request_headers off;
        proxy_set_header Connection "";
        proxy_set_header Content-Length "";
        proxy_set_header Host $http_host;
        proxy_set_header Authorization $http_authorization;
        proxy_set_header Content-Type $http_content_type;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URI $request_uri;
        proxy_read_timeout 30s;
    }
    location @unauthorized {
        default_type application/json;
        return 401 '${errorBody('UNAUTHORIZED', `authentication required ${REQUEST}`)}';
    }
    location @denied {
        default_type application/json;
        return 403 '${errorBody('DENIED', `requested access to the resource is denied ${REQUEST}`)}';
    }
    location @undecided {
        default_type application/json;
        add_header Retry-After 5 always;
        if ($fairlead_status = 429) {
            return 429 '${errorBody('TOOMANYREQUESTS', `too many wrong passwords; wait before trying again ${REQUEST}`)}';
        }
        return 503 '${errorBody('UNAVAILABLE', 'the login service cannot be reached; try again soon')}';
    }
    location @unreachable {
        default_type application/json;
        add_header Retry-After 5 always;
        return 503 '${errorBody('UNAVAILABLE', 'the registry cannot be reached; try again soon')}';
    }
${brokerPath === undefined ? NOT_FOUND : brokerLocation(brokerPath, broker)}}
`;
}

const NOT_FOUND = `    location / {
        default_type application/json;
        return 404 '${NOTHING_HERE}';
    }
`;

function brokerLocation(path: string, broker: BrokerPlace): string {
  return `    location ${path}/ {
        proxy_pass ${scheme(broker)}://fairlead;
        proxy_http_version 1.1;${tlsLines(broker)}
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_read_timeout 30s;
    }
`;
}

function scheme(broker: BrokerPlace): string {
  return 'socket' in broker || !broker.isTls ? 'http' : 'https';
}

/** nginx does not verify the certificate of an upstream unless it is configured to. */
function tlsLines(broker: BrokerPlace): string {
  if ('socket' in broker || !broker.isTls) return '';
  return `
        proxy_ssl_server_name on;
        proxy_ssl_name ${broker.host};
        proxy_ssl_verify on;
        proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;`;
}
